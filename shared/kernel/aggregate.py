"""The consistency boundary: one aggregate is loaded, changed and saved as a whole."""

from typing import ClassVar
from uuid import UUID

from shared.kernel.events import Event


class Aggregate:
    """Base of every aggregate; a subclass is a dataclass with `eq=False` (identity, not value)."""

    aggregate_type: ClassVar[str]
    id: UUID
    tenant_id: UUID
    version: int

    def record(self, event: Event) -> None:
        # The ORM rebuilds aggregates without calling __init__, so the list is made here.
        self.__dict__.setdefault("_recorded", []).append(event)

    @property
    def has_recorded(self) -> bool:
        """Whether events wait to be collected."""
        return bool(self.__dict__.get("_recorded"))

    def collect(self) -> list[Event]:
        """Hand over the recorded events and forget them."""
        recorded: list[Event] = self.__dict__.pop("_recorded", [])
        return recorded
