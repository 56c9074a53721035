"""Something that is done to a message at its provider: its text changed, itself taken back, an emoji set to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.crm.messages.model import Message
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7

LEASE = timedelta(seconds=60)  # a claim older than this was left by somebody who is gone


class ActionKind(StrEnum):
    EDIT = "edit"
    RECALL = "recall"
    REACTION = "reaction"


class ActionStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(eq=False, kw_only=True)
class MessageAction(Aggregate):
    """Doing one twice does no harm, so that one whose outcome is unknown is done again.

    `value` is the new text, or the emoji; an empty emoji takes the reaction back.
    """

    aggregate_type: ClassVar[str] = "message_action"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    message_id: UUID
    kind: ActionKind
    value: str | None = None
    status: ActionStatus = ActionStatus.QUEUED
    requested_by: UUID
    requested_at: datetime
    claimed_at: datetime | None = None
    failure_code: str | None = None
    failure_reason: str | None = None

    @classmethod
    def queue(cls, kind: ActionKind, message: Message, value: str | None, *, by: UUID, at: datetime) -> Self:
        return cls(
            id=uuid7(),
            tenant_id=message.tenant_id,
            project_id=message.project_id,
            channel_id=message.channel_id,
            chat_id=message.chat_id,
            contact_id=message.contact_id,
            message_id=message.id,
            kind=kind,
            value=value,
            requested_by=by,
            requested_at=at,
        )

    @property
    def waits(self) -> bool:
        return self.status in {ActionStatus.QUEUED, ActionStatus.SENDING}

    def is_held(self, now: datetime) -> bool:
        """Whether somebody is at it just now."""
        return self.status is ActionStatus.SENDING and self.claimed_at is not None and now - self.claimed_at < LEASE

    def claim(self, at: datetime) -> None:
        self.status, self.claimed_at = ActionStatus.SENDING, at

    def put_back(self) -> None:
        self.status, self.claimed_at = ActionStatus.QUEUED, None

    def finish(self) -> None:
        self.status = ActionStatus.DONE

    def fail(self, code: str, reason: str) -> None:
        self.status, self.failure_code, self.failure_reason = ActionStatus.FAILED, code, reason

    def supersede(self) -> None:
        """A later one of its kind takes its place."""
        self.status = ActionStatus.SUPERSEDED
