"""`If-Match`: change a thing only if it is still as the caller last saw it."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import BadRequest, PreconditionFailed

_TAG = r'"([0-9]{1,10})"'
_TAGS = re.compile(rf"{_TAG}([ \t]*,[ \t]*{_TAG})*")


@dataclass
class Expected:
    """The versions of which the aggregate named by a request's path must have one, when it is first read."""

    id: UUID
    versions: frozenset[int]
    met: bool = False
    changed: bool = False  # by this very request, so that from now on its version is another

    def check(self, found: Aggregate) -> None:
        """PreconditionFailed: this is the one, and it has another version."""
        if found.id != self.id or self.changed:
            return
        if successor := getattr(found, "merged_into_id", None):
            # What became one with another is shown as that one, with its version.
            self.id = successor
            return
        if found.version not in self.versions:
            raise PreconditionFailed(
                "this was changed since you read it; look at it again", details={"version": found.version}
            )
        self.met = True

    def must_be_met(self) -> None:
        if not self.met:
            raise PreconditionFailed("what this address names has no version that could match; leave If-Match out")


def expected(header: str | None, names: dict[str, Any]) -> Expected | None:
    """What `If-Match` asks of the last id among a path's names. BadRequest: it is no version."""
    ids = [value for value in names.values() if isinstance(value, UUID)]
    if header is None or header.strip() == "*" or not ids:
        return None
    tags = _TAGS.fullmatch(header.strip())
    if tags is None:
        raise BadRequest('send the version that you read in quotes, as in If-Match: "3"', code="bad_if_match")
    return Expected(ids[-1], frozenset(map(int, re.findall("[0-9]+", tags[0]))))
