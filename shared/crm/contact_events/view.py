"""The public face of a contact's timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class ContactEventView:
    """`type` is the event's name and `data` what it carried: ids and facts, never texts or names."""

    id: UUID
    contact_id: UUID
    type: str
    data: dict[str, Any]
    occurred_at: datetime
    created_at: datetime


CONTACT_EVENTS = Source(
    view=ContactEventView,
    tables="contact_events e",
    alias="e",
    filters=("type", "occurred_at"),
    sorts=("occurred_at", "created_at"),
    default_sort="occurred_at:desc",
    noun="contact",
)
