"""A message group: a burst of messages, answered as one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.message_groups.events import (
    MessageGroupCompleted,
    MessageGroupCreated,
    MessageGroupFailed,
    MessageGroupMessageAdded,
    MessageGroupProcessing,
    MessageGroupSettled,
)
from shared.crm.messages.model import Message
from shared.crm.messages.words import all_in_words
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7


class GroupStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Outcome(StrEnum):
    """How a group ended; every group ends in one of these."""

    REPLIED = "replied"
    SUPERSEDED = "superseded"
    TAKEN_OVER = "taken_over"
    NO_AGENT = "no_agent"
    FAILED = "failed"


@dataclass(eq=False, kw_only=True)
class MessageGroup(Aggregate):
    """`generation` numbers the timers: one is in flight at a time, and only the newest may act."""

    aggregate_type: ClassVar[str] = "message_group"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    session_id: UUID | None
    status: GroupStatus = GroupStatus.PENDING
    outcome: Outcome | None = None
    outcome_reason: str | None = None
    generation: int = 0
    opened_at: datetime
    deadline_at: datetime
    latest_deadline_at: datetime
    closed_at: datetime | None = None
    superseded_by_id: UUID | None = None
    text: str | None = None

    @classmethod
    def open(cls, message: Message, *, now: datetime, timeout_ms: int, max_wait_ms: int) -> Self:
        latest = now + timedelta(milliseconds=max_wait_ms)
        group = cls(
            id=uuid7(),
            tenant_id=message.tenant_id,
            project_id=message.project_id,
            channel_id=message.channel_id,
            chat_id=message.chat_id,
            contact_id=message.contact_id,
            session_id=message.session_id,
            opened_at=now,
            deadline_at=min(now + timedelta(milliseconds=timeout_ms), latest),
            latest_deadline_at=latest,
        )
        group.record(MessageGroupCreated(expires_at=group.deadline_at, **group._names()))
        group._take(message)
        return group

    def join(self, message: Message, *, now: datetime, timeout_ms: int) -> None:
        """Take one more message and wait anew, but not beyond the latest deadline."""
        self.deadline_at = min(now + timedelta(milliseconds=timeout_ms), self.latest_deadline_at)
        self._take(message)

    def supersede(self, older: "MessageGroup") -> None:
        """Answer also what an older group asked and nobody has answered yet."""
        older.superseded_by_id = self.id
        older.settle(Outcome.SUPERSEDED, "a newer message came before the reply was sent")

    def is_due(self, now: datetime) -> bool:
        return now >= self.deadline_at

    def next_timer(self) -> int:
        """The generation of the timer that follows the present one."""
        self.generation += 1
        return self.generation

    def process(self) -> None:
        self.status = GroupStatus.PROCESSING
        self.record(MessageGroupProcessing(**self._names()))

    def complete(self, messages: Iterable[Message], at: datetime) -> None:
        """Put the text together from what is asked, in that order."""
        self.text = all_in_words(messages)
        self.status, self.closed_at = GroupStatus.COMPLETED, at
        self.record(MessageGroupCompleted(**self._names()))

    def fail(self, reason: str, at: datetime) -> None:
        self.status, self.closed_at = GroupStatus.FAILED, at
        self.record(MessageGroupFailed(reason=reason, **self._names()))
        self.settle(Outcome.FAILED, reason)

    def settle(self, outcome: Outcome, reason: str) -> None:
        """Say what became of it; a reply that was withdrawn may still change the answer, nothing else does."""
        if self.outcome in {None, Outcome.REPLIED}:
            self.outcome, self.outcome_reason = outcome, reason
            self.record(MessageGroupSettled(outcome=outcome, reason=reason, **self._names()))

    def _take(self, message: Message) -> None:
        message.message_group_id = self.id
        self.record(MessageGroupMessageAdded(message_id=message.id, expires_at=self.deadline_at, **self._names()))

    def _names(self) -> dict[str, Any]:
        return {"group_id": self.id, "chat_id": self.chat_id}
