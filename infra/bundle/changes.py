"""What a change reaches: the bundles that would do something else than before."""

from infra.bundle.bundles import Workshop
from infra.bundle.sources import BundleError


def changed(before: Workshop, now: Workshop) -> list[str]:
    """The names of what is new or has another fingerprint, sorted. What is gone is not among them."""
    return [name for name in sorted(now.entries) if now.bundle(name).fingerprint != _fingerprint(before, name)]


def _fingerprint(before: Workshop, name: str) -> str:
    """None that there could be, where there was no such bundle or it cannot be made today."""
    try:
        return before.bundle(name).fingerprint if name in before.entries else ""
    except BundleError:
        return ""
