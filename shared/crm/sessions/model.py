"""A session: a stretch of conversation, cut where the chat was silent for longer than the timeout."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.sessions.events import (
    SessionAgentAssigned,
    SessionBotPaused,
    SessionBotResumed,
    SessionClosed,
    SessionEscalated,
    SessionMerged,
    SessionReopened,
    SessionResolved,
    SessionStarted,
)
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Conflict
from shared.kernel.ids import uuid7


class SessionStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class CloseReason(StrEnum):
    TIMEOUT = "timeout"
    MANUAL = "manual"


class SessionOutcome(StrEnum):
    """What came of it, in the words of whoever closed it."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    CONVERTED = "converted"
    SPAM = "spam"


_SETTLED = {SessionOutcome.RESOLVED, SessionOutcome.CONVERTED}


class Holder(StrEnum):
    """Who answers in the session."""

    BOT = "bot"
    HUMAN = "human"


@dataclass(eq=False, kw_only=True)
class Session(Aggregate):
    """`held_since` is when whoever holds it took it; None while nobody ever decided."""

    aggregate_type: ClassVar[str] = "session"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    status: SessionStatus = SessionStatus.OPEN
    timeout_minutes: int
    started_at: datetime
    last_message_at: datetime
    ended_at: datetime | None = None
    close_reason: CloseReason | None = None
    outcome: SessionOutcome | None = None
    merged_into_id: UUID | None = None
    held_by: Holder = Holder.BOT
    held_since: datetime | None = None
    agent_id: UUID | None = None

    @classmethod
    def start(cls, *, chat: Chat, timeout_minutes: int, at: datetime) -> Self:
        session = cls(
            id=uuid7(),
            tenant_id=chat.tenant_id,
            project_id=chat.project_id,
            channel_id=chat.channel_id,
            chat_id=chat.id,
            contact_id=chat.contact_id,
            timeout_minutes=timeout_minutes,
            started_at=at,
            last_message_at=at,
        )
        session.record(SessionStarted(channel_id=chat.channel_id, **session._names()))
        return session

    @property
    def timeout(self) -> timedelta:
        return timedelta(minutes=self.timeout_minutes)

    @property
    def expires_at(self) -> datetime:
        return self.last_message_at + self.timeout

    def reaches(self, at: datetime) -> bool:
        """Whether a message of that time belongs here: no silence longer than the timeout lies between."""
        return not self.ended_before(at) and self.started_at - self.timeout <= at <= self.expires_at

    def ended_before(self, at: datetime) -> bool:
        """Whether somebody had closed it by then."""
        return self._ended_by_hand and self.ended_at is not None and at > self.ended_at

    def closed_in_silence(self, at: datetime) -> bool:
        """Whether somebody closed it after that time, when it had been silent for too long already."""
        return self._ended_by_hand and self.expires_at < at and not self.ended_before(at)

    def take(self, at: datetime) -> None:
        """Stretch over a message of that time."""
        self.started_at = min(self.started_at, at)
        self.last_message_at = max(self.last_message_at, at)
        if self.close_reason is CloseReason.TIMEOUT:
            self.ended_at = self.expires_at

    def expire(self) -> None:
        """Close for silence, as of the moment the timeout ran out."""
        if self.status is SessionStatus.OPEN:
            self._close(CloseReason.TIMEOUT, self.expires_at)

    def close(self, at: datetime, outcome: SessionOutcome | None = None) -> None:
        if self.status is not SessionStatus.OPEN:
            raise Conflict("this session is already closed")
        self.outcome = outcome
        if outcome in _SETTLED:
            self.record(SessionResolved(outcome=str(outcome), **self._names()))
        self._close(CloseReason.MANUAL, max(at, self.last_message_at))
        self._released()

    def closed_instead_of(self, silent: "Session") -> None:
        """Be what somebody closed by hand: a late message has shown that the other was over by then."""
        self.outcome, silent.outcome = silent.outcome, None
        self._close(CloseReason.MANUAL, silent.ended_at or silent.expires_at)
        silent.close_reason, silent.ended_at = CloseReason.TIMEOUT, silent.expires_at

    def reopen(self) -> None:
        """Be open again: a late message has shown that the silence was shorter than the timeout."""
        self.status, self.ended_at, self.close_reason, self.outcome = SessionStatus.OPEN, None, None, None
        self.record(SessionReopened(**self._names()))

    def absorb(self, later: "Session") -> None:
        """Become one with a session that began later: a late message joins the two, or their chats are one."""
        self._end_as(later)
        self.started_at = min(self.started_at, later.started_at)
        self.take(later.last_message_at)
        self._inherit(later)
        later.status, later.merged_into_id = SessionStatus.MERGED, self.id
        later.ended_at, later.close_reason, later.outcome = None, None, None
        self.record(SessionMerged(merged_id=later.id, **self._names()))

    def _end_as(self, other: "Session") -> None:
        """Be open if either is, else end as the one in which the last word was said."""
        if self.ended_at is not None and other.ended_at is None:
            self.reopen()
        elif self.ended_at is not None and other.last_message_at >= self.last_message_at:
            self.close_reason, self.ended_at, self.outcome = other.close_reason, other.ended_at, other.outcome

    def held_by_human(self, reason: str, since: datetime, agent_id: UUID | None = None) -> None:
        """Give the conversation to a person, until close or resume; what lies before those changes nothing."""
        if self._ended_by_hand or (self.held_by is Holder.BOT and self.held_since and since <= self.held_since):
            return
        if agent_id is not None and agent_id != self.agent_id:
            previous, self.agent_id = self.agent_id, agent_id
            self.record(SessionAgentAssigned(agent_id=agent_id, previous_id=previous, **self._names()))
        if self.held_by is Holder.HUMAN:
            self.held_since = min(self.held_since or since, since)
            return
        self.held_by, self.held_since = Holder.HUMAN, since
        self.record(SessionBotPaused(reason=reason, **self._names()))

    def taken_since(self, at: datetime) -> bool:
        """Whether a person has taken it after that time, and holds it still."""
        return self.held_by is Holder.HUMAN and self.held_since is not None and self.held_since > at

    def escalate(self, reason: str, at: datetime) -> None:
        """Ask for a person: the bot says no more here."""
        if self.held_by is not Holder.HUMAN:
            self.record(SessionEscalated(reason=reason, **self._names()))
        self.held_by_human(reason, at)

    def resume_bot(self, at: datetime) -> None:
        if self.held_by is Holder.HUMAN:
            self._released(at)
            self.record(SessionBotResumed(**self._names()))

    @property
    def _ended_by_hand(self) -> bool:
        return self.close_reason is CloseReason.MANUAL

    def _released(self, at: datetime | None = None) -> None:
        self.held_by, self.held_since, self.agent_id = Holder.BOT, at, None

    def _inherit(self, later: "Session") -> None:
        """Be held as the newest decision about either of the two says; what was closed by hand nobody holds."""
        if self._ended_by_hand:
            self._released()
            return
        back = [each.held_since for each in (self, later) if each.held_by is Holder.BOT and each.held_since]
        taken = [each.held_since for each in (self, later) if each.held_by is Holder.HUMAN and each.held_since]
        if taken and (not back or min(taken) > max(back)):
            self.held_by, self.held_since, self.agent_id = Holder.HUMAN, min(taken), later.agent_id or self.agent_id
        else:
            self._released(max(back, default=None))

    def _close(self, reason: CloseReason, at: datetime) -> None:
        self.status, self.close_reason, self.ended_at = SessionStatus.CLOSED, reason, at
        lasted = int((self.last_message_at - self.started_at).total_seconds())
        self.record(SessionClosed(reason=reason, duration_seconds=lasted, outcome=self.outcome, **self._names()))

    def _names(self) -> dict[str, Any]:
        return {"session_id": self.id, "chat_id": self.chat_id, "contact_id": self.contact_id}


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a message went: its session, whether that is new, and which session it swallowed, if any."""

    session: Session
    is_new: bool = False
    swallowed: Session | None = None


def place(near: Iterable[Session], *, chat: Chat, timeout_minutes: int, at: datetime) -> Placed:
    """Find the session of a message by its own time, so that a late message lands as if it had come in order.

    `near` are the chat's sessions within a timeout of the message, the last one begun before it, and the newest.
    """
    sessions = sorted((each for each in near if each.status is not SessionStatus.MERGED), key=lambda s: s.started_at)
    before = next((session for session in reversed(sessions) if session.started_at <= at), None)
    reached = [session for session in sessions if session.reaches(at)]
    if not reached or (before is not None and before.closed_in_silence(at)):
        return Placed(session=_begin(sessions, before, chat, timeout_minutes, at), is_new=True)
    home = reached[0]
    home.take(at)
    later = next((each for each in reached[1:] if home.reaches(each.started_at)), None)
    if later is not None:
        home.absorb(later)
    _settle(home, sessions)
    return Placed(session=home, swallowed=later)


def _begin(sessions: list[Session], before: Session | None, chat: Chat, timeout_minutes: int, at: datetime) -> Session:
    session = Session.start(chat=chat, timeout_minutes=timeout_minutes, at=at)
    if before is not None and before.closed_in_silence(at):
        session.closed_instead_of(before)
    elif sessions and sessions[-1].started_at > at:
        session.expire()
    elif before is not None:
        before.expire()
    return session


def _settle(home: Session, sessions: list[Session]) -> None:
    """Only the newest session may be open; one that closed for silence too early opens again."""
    alive = [session for session in sessions if session.status is not SessionStatus.MERGED]
    newest = max(alive, key=lambda session: session.started_at)
    if home is newest and home.close_reason is CloseReason.TIMEOUT:
        home.reopen()
