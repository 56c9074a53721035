"""A message that is to be sent later; when its time has come it becomes one, under the same id."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.messages.events import MessageFailed, MessageScheduleCancelled, MessageScheduled
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.ids import uuid7
from shared.kernel.outbound import Draft

LATEST = timedelta(days=365)


class ScheduleStatus(StrEnum):
    SCHEDULED = "scheduled"
    SENT = "sent"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(eq=False, kw_only=True)
class ScheduledMessage(Aggregate):
    """`sent` says that it was handed to the sender; how far it has come from there, the message says."""

    aggregate_type: ClassVar[str] = "scheduled_message"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    agent_id: UUID
    draft: Draft
    quoted_message_id: UUID | None = None
    send_at: datetime
    status: ScheduleStatus = ScheduleStatus.SCHEDULED
    failure_code: str | None = None
    failure_reason: str | None = None

    @classmethod
    def schedule(
        cls,
        chat: Chat,
        draft: Draft,
        send_at: datetime,
        *,
        agent_id: UUID,
        quoted_message_id: UUID | None,
        now: datetime,
    ) -> Self:
        """Invalid: that is not in the year to come."""
        _must_be_to_come(send_at, now)
        scheduled = cls(
            id=uuid7(),
            tenant_id=chat.tenant_id,
            project_id=chat.project_id,
            channel_id=chat.channel_id,
            chat_id=chat.id,
            contact_id=chat.contact_id,
            agent_id=agent_id,
            draft=draft,
            quoted_message_id=quoted_message_id,
            send_at=send_at,
        )
        scheduled.record(MessageScheduled(send_at=send_at, **scheduled._names()))
        return scheduled

    def postpone(self, send_at: datetime, now: datetime) -> None:
        """Send it at another time. Conflict: it does not wait any more. Invalid: that is not in the year to come."""
        self.must_wait()
        _must_be_to_come(send_at, now)
        if send_at != self.send_at:
            self.send_at = send_at
            self.record(MessageScheduled(send_at=send_at, **self._names()))

    def say(self, draft: Draft) -> None:
        """Let it say something else. Conflict: it does not wait any more."""
        self.must_wait()
        self.draft = draft

    def cancel(self, by: UUID) -> None:
        """Conflict: it does not wait any more."""
        self.must_wait()
        self.status = ScheduleStatus.CANCELLED
        self.record(MessageScheduleCancelled(by=by, **self._names()))

    def went(self, chat_id: UUID) -> None:
        """It is a message now, in this chat."""
        self.status, self.chat_id = ScheduleStatus.SENT, chat_id

    def fail(self, code: str, reason: str) -> None:
        """It could not become a message."""
        self.status, self.failure_code, self.failure_reason = ScheduleStatus.FAILED, code, reason
        self.record(MessageFailed(code=code, retryable=False, **self._names()))

    def must_wait(self) -> None:
        if self.status is not ScheduleStatus.SCHEDULED:
            raise Conflict(f"this message is not scheduled any more: it is {self.status}", code="not_scheduled")

    def _names(self) -> dict[str, Any]:
        return {"message_id": self.id, "chat_id": self.chat_id, "contact_id": self.contact_id}


def _must_be_to_come(send_at: datetime, now: datetime) -> None:
    if not now < send_at <= now + LATEST:
        raise Invalid("send_at lies in the future, within a year", code="bad_time")
