"""What tests declare must not stay: the catalogues belong to the product."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.kernel.events import Event
from shared.kernel.tasks import Task
from shared.runtime.declarations import Declaration


@contextmanager
def own_registries() -> Iterator[None]:
    """Declare what you like in the block, also by names the product uses; afterwards all is as it was."""
    registries: tuple[dict[str, object], ...] = (Event.catalogue, Task.catalogue, Declaration.taken)  # type: ignore[assignment] # of any values
    before = [dict(registry) for registry in registries]
    Declaration.taken.clear()
    try:
        yield
    finally:
        for registry, entries in zip(registries, before, strict=True):
            registry.clear()
            registry.update(entries)
