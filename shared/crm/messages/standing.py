"""What is known of a message, and how far it has come: forward by receipts, and never back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.crm.messages.events import (
    MessageDelivered,
    MessageFailed,
    MessageMediaSent,
    MessagePlayed,
    MessageRead,
    MessageSent,
)
from shared.crm.messages.status import (
    LEVELS,
    RANK,
    UNDELIVERED,
    Direction,
    Level,
    MessageStatus,
    SenderKind,
)
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Conflict
from shared.kernel.events import Event
from shared.kernel.inbound import Card, Location, Media, MessageType
from shared.kernel.outbound import Manner, Menu, Poll

NOT_DELIVERED = "provider_error"


@dataclass(eq=False, kw_only=True)
class Standing(Aggregate):
    """`sent_at` is the provider's time: it orders the chat and cuts its sessions.

    `edit_stamp` is that of the text's edit, and empty as long as it says what it said at first. Its number
    sends it at `not_before` or later; `has_turn` says that this is counted in the number's pace.
    """

    aggregate_type: ClassVar[str] = "message"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    chat_id: UUID
    session_id: UUID | None
    message_group_id: UUID | None = None
    contact_id: UUID | None
    direction: Direction
    sender_kind: SenderKind
    sender_contact_id: UUID | None = None
    agent_id: UUID | None = None
    answers_group_id: UUID | None = None
    external_id: str | None = None
    provider_id: str | None = None
    type: MessageType
    status: MessageStatus
    text: str | None = None
    media: Media | None = None
    media_file_id: UUID | None = None
    location: Location | None = None
    cards: list[Card] | None = None
    poll: Poll | None = None
    menu: Menu | None = None
    manner: Manner | None = None
    forwarded_from_id: UUID | None = None
    quoted_external_id: str | None = None
    quoted_message_id: UUID | None = None
    sent_at: datetime
    claimed_at: datetime | None = None
    unknown_since: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    played_at: datetime | None = None
    failure_code: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    retries: int = 0
    deleted_at: datetime | None = None
    edited_at: datetime | None = None
    edit_stamp: str = ""
    revoked_at: datetime | None = None
    not_before: datetime | None = None
    has_turn: bool = False
    is_placeholder: bool = False

    @property
    def is_there(self) -> bool:
        """Whether WhatsApp shows it, as far as is known."""
        return self.direction is Direction.INBOUND or self._rank() > 0

    @property
    def was_written_here(self) -> bool:
        """Whether what it says and carries is the word of somebody here, and not the provider's."""
        return self.sender_kind in {SenderKind.USER, SenderKind.BOT, SenderKind.SYSTEM, SenderKind.IMPORT}

    @property
    def due_at(self) -> datetime:
        """When it was said here, or may go, if it has to wait."""
        return max(self.sent_at, self.not_before or self.sent_at)

    def fail(self, code: str, reason: str, *, retryable: bool = False) -> None:
        self._becomes(MessageStatus.FAILED)
        self.failure_code, self.failure_reason = code, reason
        self.record(MessageFailed(code=code, retryable=retryable, **self._names()))

    def confirm(self, level: Level, at: datetime) -> None:
        """Take a person's word for how far it has come. Conflict: it is not ours, or was never sent."""
        if self.direction is Direction.INBOUND:
            raise Conflict("only a message that we sent can be confirmed", code="not_ours")
        if self._rank() == 0 and self.status is not MessageStatus.UNKNOWN:
            raise Conflict("this message was not sent", code="not_sent")
        self._advance(level, at)

    def receipt(self, level: int, at: datetime) -> None:
        """Come as far as a receipt says, and never back. On a customer's message it says that we read it."""
        reached = LEVELS.get(level)
        if reached is None:
            return
        if self.direction is Direction.INBOUND:
            self._read_by_us(reached, at)
        elif reached is Level.FAILED:
            self._refused()
        else:
            self._advance(reached, at)

    def _read_by_us(self, reached: Level, at: datetime) -> None:
        if reached in {Level.READ, Level.PLAYED} and (self.read_at is None or at < self.read_at):
            first = self.read_at is None
            self.read_at = at
            if first:
                self.record(MessageRead(at=at, **self._names()))

    def _refused(self) -> None:
        if self.status in UNDELIVERED:
            self.fail(NOT_DELIVERED, "WhatsApp reported that this message could not be delivered")

    def _rank(self) -> int:
        """How far it has come; what WhatsApp failed to deliver was sent, and only its arrival proves otherwise."""
        failed_after_sending = self.status is MessageStatus.FAILED and self.failure_code == NOT_DELIVERED
        return RANK[MessageStatus.SENT if failed_after_sending else self.status]

    def _advance(self, reached: Level, at: datetime) -> None:
        self._note_time(reached, at)
        status = MessageStatus(reached.value)
        if RANK[status] > self._rank():
            self._goes_out()
            self._becomes(status)
            self.record(self._arrival(reached, at))

    def _note_time(self, level: Level, at: datetime) -> None:
        name = f"{level}_at"
        if level is not Level.SENT and (getattr(self, name) is None or at < getattr(self, name)):
            setattr(self, name, at)

    def _arrival(self, level: Level, at: datetime) -> Event:
        if level is Level.SENT:
            return MessageSent(channel_id=self.channel_id, **self._names())
        kinds = {Level.DELIVERED: MessageDelivered, Level.READ: MessageRead, Level.PLAYED: MessagePlayed}
        return kinds[level](at=at, **self._names())

    def _goes_out(self) -> None:
        """Have its file kept, when it leaves with one that lies at somebody's address."""
        if self._rank() == 0 and self.media and self.media.url and self.media_file_id is None:
            self.record(MessageMediaSent(**self._names()))

    def _becomes(self, status: MessageStatus) -> None:
        self.status = status
        self.unknown_since, self.failure_code, self.failure_reason = None, None, None

    def _names(self) -> dict[str, Any]:
        return {"message_id": self.id, "chat_id": self.chat_id, "contact_id": self.contact_id}
