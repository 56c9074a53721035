"""How a channel does: whether its provider answers, what WhatsApp keeps it from, whether it has gone silent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.kernel.aggregate import Aggregate

# How long a refusal is believed when the provider does not say how long the lock lasts, or denies that there is one.
LOCK_IS_BELIEVED = timedelta(hours=1)
LOOK_AGAIN = timedelta(hours=24)  # when nobody knows how long the number may open no chats


class Capping(StrEnum):
    """How near a number is to the most new chats that WhatsApp lets it open in a cycle."""

    NONE = "none"
    FIRST_WARNING = "first_warning"
    SECOND_WARNING = "second_warning"
    CAPPED = "capped"


@dataclass(frozen=True, kw_only=True)
class Restrictions:
    """What WhatsApp keeps a number from, as its provider tells it; `total` None means no cap."""

    timelocked: bool = False
    timelocked_until: datetime | None = None
    capping: Capping | None = None
    used: int | None = None
    total: int | None = None
    resets_at: datetime | None = None


@dataclass(eq=False, kw_only=True)
class ChannelHealth(Aggregate):
    """Its id is the channel's. `problem` is a code; `silent_since` is when a silent channel was last heard of."""

    aggregate_type: ClassVar[str] = "channel_health"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    checked_at: datetime | None = None
    problem: str | None = None
    timelocked: bool = False
    timelocked_until: datetime | None = None
    capping: Capping | None = None
    capping_used: int | None = None
    capping_total: int | None = None
    capping_resets_at: datetime | None = None
    silent_since: datetime | None = None

    def unanswered(self, code: str, at: datetime) -> None:
        """Its provider was asked, and did not say how it is."""
        self.checked_at, self.problem = at, code

    def answered(self, told: Restrictions, at: datetime) -> bool:
        """Take what the provider says; whether what the number may do is another than before.

        A lock that we have run into is believed for its time, whatever the provider says of it.
        """
        before = self._may()
        self.checked_at, self.problem = at, None
        self.capping, self.capping_used, self.capping_total = told.capping, told.used, told.total
        self.capping_resets_at = told.resets_at
        if told.timelocked:
            self.timelocked, self.timelocked_until = True, told.timelocked_until
        elif not self.timelocked_until or self.timelocked_until <= at:
            self.timelocked, self.timelocked_until = False, None
        return self._may() != before

    def refused(self, at: datetime) -> bool:
        """WhatsApp refused to open a chat (error 463); whether that is news."""
        is_news = self.may_open_chats(at)
        if not self._is_locked(at) or self.timelocked_until is not None:
            self.timelocked_until = max(self.timelocked_until or at, at + LOCK_IS_BELIEVED)
        self.timelocked = True
        return is_news

    def may_open_chats(self, at: datetime) -> bool:
        """Whether a message may go to somebody who has not written; to others it always may."""
        return self.closed_until(at) is None

    def closed_until(self, at: datetime) -> datetime | None:
        """Until when no chats may be opened, or when to look again; None: they may be opened now."""
        ends = [self.timelocked_until] if self._is_locked(at) else []
        ends += [self.capping_resets_at] if self._is_capped(at) else []
        return max((end or at + LOOK_AGAIN for end in ends), default=None)

    def _is_locked(self, at: datetime) -> bool:
        return self.timelocked and (self.timelocked_until is None or self.timelocked_until > at)

    def _is_capped(self, at: datetime) -> bool:
        return self.capping is Capping.CAPPED and (self.capping_resets_at is None or self.capping_resets_at > at)

    def silent(self, since: datetime) -> bool:
        """It says that it works and is not heard of; whether that is news. One silence is news once."""
        is_news = self.silent_since is None
        self.silent_since = self.silent_since or since
        return is_news

    def heard(self) -> None:
        self.silent_since = None

    def _may(self) -> tuple[bool, bool]:
        return self.timelocked, self.capping is Capping.CAPPED
