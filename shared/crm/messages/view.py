"""The public face of a message."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.messages.model import Direction, MessageStatus, SenderKind
from shared.kernel.inbound import Card, Location, Media, MessageType
from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """`sent_at` is the provider's time, which orders the chat; `read_at` of an inbound message is when we read it.

    A message whose status is unknown may have been sent: the provider never said, and it is not sent again.
    """

    id: UUID
    project_id: UUID
    channel_id: UUID
    chat_id: UUID
    session_id: UUID | None
    message_group_id: UUID | None
    contact_id: UUID | None
    direction: Direction
    sender_kind: SenderKind
    sender_contact_id: UUID | None
    agent_id: UUID | None
    type: MessageType
    status: MessageStatus
    text: str | None
    media: Media | None
    location: Location | None
    cards: list[Card] | None
    quoted_message_id: UUID | None
    external_id: str | None
    sent_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None
    played_at: datetime | None
    failure_code: str | None
    failure_reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime


MESSAGES = Source(
    view=MessageView,
    tables="messages m",
    alias="m",
    filters=(
        "chat_id",
        "session_id",
        "contact_id",
        "channel_id",
        "direction",
        "sender_kind",
        "type",
        "status",
        "external_id",
        "sent_at",
    ),
    sorts=("sent_at", "created_at"),
    default_sort="sent_at:desc",
    noun="message",
)
