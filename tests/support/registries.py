"""What tests declare must not stay: the catalogues belong to the product."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shared.kernel.events import Event
from shared.kernel.tasks import Task
from shared.runtime.declarations import Declaration


@contextmanager
def own_registries() -> Iterator[None]:
    """Declare what you like in the block, also by names the product uses; afterwards only the product's is left."""
    registries: tuple[dict[str, Any], ...] = (Event.catalogue, Task.catalogue, Declaration.taken)
    before = [dict(registry) for registry in registries]
    Declaration.taken.clear()
    try:
        yield
    finally:
        for registry, entries in zip(registries, before, strict=True):
            # A part of the product may have been imported for the first time in the block.
            kept = {name: entry for name, entry in registry.items() if not _of_tests(entry)}
            registry.clear()
            registry.update(kept | entries)


def _of_tests(entry: Any) -> bool:
    return str(getattr(entry, "__module__", entry)).startswith("tests.")
