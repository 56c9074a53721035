"""Something that the provider is asked to do beside sending: claimed by one at a time, and ended once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.kernel.aggregate import Aggregate

LEASE = timedelta(seconds=60)  # a claim older than this was left by somebody who is gone


class ActionStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"


OPEN = frozenset({ActionStatus.QUEUED, ActionStatus.SENDING})


@dataclass(eq=False, kw_only=True)
class Action(Aggregate):
    """Doing one twice does no harm, so that one whose outcome is unknown is done again; a subclass may except some."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    status: ActionStatus = ActionStatus.QUEUED
    requested_by: UUID
    requested_at: datetime
    claimed_at: datetime | None = None
    failure_code: str | None = None
    failure_reason: str | None = None

    @property
    def waits(self) -> bool:
        return self.status in OPEN

    def is_held(self, now: datetime) -> bool:
        """Whether somebody is at it just now."""
        return self.status is ActionStatus.SENDING and self.claimed_at is not None and now - self.claimed_at < LEASE

    def is_claimed(self, at: datetime) -> bool:
        """Whether the claim of that moment still holds; else somebody has taken it since, and it is theirs to end."""
        return self.status is ActionStatus.SENDING and self.claimed_at == at

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
