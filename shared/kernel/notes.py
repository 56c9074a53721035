"""What people note about a thing of theirs, each note under its name."""

from collections.abc import Mapping
from typing import Any

from shared.kernel.errors import Invalid

MOST_NOTES = 50


def annotated(known: Mapping[str, Any], notes: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The notes with those given; a null takes one away. Invalid: `what` would have too many."""
    kept = {name: note for name, note in {**known, **notes}.items() if note is not None}
    if len(kept) > MOST_NOTES:
        raise Invalid(f"{what} has at most {MOST_NOTES} metadata")
    return kept
