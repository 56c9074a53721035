"""The public face of a provider's delivery, without what it says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.runtime.query import Source

DeliveryStatus = Literal["kept", "duplicate", "unhandled", "failed", "misdirected"]


@dataclass(frozen=True, kw_only=True)
class InboundDeliveryView:
    """`kept`: it was taken in. `duplicate`: what it says was here. `unhandled`: nobody here needs it.

    `failed`: it could not be understood, and `problem` says why. `misdirected`: it is of another number's session than
    the channel's. It is removed at `expires_at`.
    """

    id: UUID
    project_id: UUID
    channel_id: UUID
    provider: str
    event: str
    status: DeliveryStatus
    problem: str | None
    message_id: UUID | None
    contact_id: UUID | None
    size_bytes: int
    times_received: int
    received_at: datetime
    last_received_at: datetime
    reprocessed_at: datetime | None
    expires_at: datetime


INBOUND_DELIVERIES = Source(
    view=InboundDeliveryView,
    tables="inbound_deliveries d",
    alias="d",
    columns={"size_bytes": "octet_length(d.body)"},
    filters=("status", "event", "channel_id", "provider", "message_id", "contact_id", "received_at"),
    sorts=("received_at", "last_received_at"),
    default_sort="received_at:desc",
    noun="inbound delivery",
)
