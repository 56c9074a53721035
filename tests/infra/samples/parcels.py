"""An aggregate of no context, for what reads declarations: its view, its source, its events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.kernel.events import Event
from shared.runtime.query import Source


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, kw_only=True)
class ParcelView:
    id: UUID
    label: str
    size: Size
    weight_grams: int
    opened_at: datetime | None
    created_at: datetime


PARCELS = Source(
    view=ParcelView,
    tables="parcels p",
    alias="p",
    filters=("size", "weight_grams", "created_at"),
    sorts=("created_at", "weight_grams"),
    noun="parcel",
)


class ParcelEvent(Event, ordered_by="shelf_id"):
    parcel_id: UUID
    shelf_id: UUID


class ParcelOpened(ParcelEvent, name="parcel.opened"):
    size: str


class ParcelLost(Event, name="parcel.lost"):
    """Nobody knows where it is."""

    parcel_id: UUID
    seen_at: datetime | None
