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


class Holder(StrEnum):
    """Who answers in the session."""

    BOT = "bot"
    HUMAN = "human"


@dataclass(eq=False, kw_only=True)
class Session(Aggregate):
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
        if self.close_reason is CloseReason.MANUAL and self.ended_at is not None and at > self.ended_at:
            return False
        return self.started_at - self.timeout <= at <= self.expires_at

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

    def close(self, at: datetime) -> None:
        if self.status is not SessionStatus.OPEN:
            raise Conflict("this session is already closed")
        self._close(CloseReason.MANUAL, max(at, self.last_message_at))
        self._released()

    def reopen(self) -> None:
        """Be open again: a late message has shown that the silence was shorter than the timeout."""
        self.status, self.ended_at, self.close_reason = SessionStatus.OPEN, None, None
        self.record(SessionReopened(**self._names()))

    def absorb(self, later: "Session") -> None:
        """Become one with a later session, because a late message fills the silence between the two."""
        was_open = later.status is SessionStatus.OPEN
        later_reason, later_end = later.close_reason, later.ended_at
        later.status, later.merged_into_id = SessionStatus.MERGED, self.id
        later.ended_at, later.close_reason = None, None
        self.started_at = min(self.started_at, later.started_at)
        self.last_message_at = max(self.last_message_at, later.last_message_at)
        self._inherit(later)
        self.record(SessionMerged(merged_id=later.id, **self._names()))
        if was_open:
            self.reopen()
        else:
            self.status, self.close_reason, self.ended_at = SessionStatus.CLOSED, later_reason, later_end
            self.take(self.last_message_at)

    def held_by_human(self, reason: str, since: datetime, agent_id: UUID | None = None) -> None:
        """Give the conversation to a person, until close or resume."""
        if agent_id is not None and agent_id != self.agent_id:
            previous, self.agent_id = self.agent_id, agent_id
            self.record(SessionAgentAssigned(agent_id=agent_id, previous_id=previous, **self._names()))
        if self.held_by is Holder.HUMAN:
            self.held_since = min(self.held_since or since, since)
            return
        self.held_by, self.held_since = Holder.HUMAN, since
        self.record(SessionBotPaused(reason=reason, **self._names()))

    def escalate(self, reason: str, at: datetime) -> None:
        """Ask for a person: the bot says no more here."""
        if self.held_by is not Holder.HUMAN:
            self.record(SessionEscalated(reason=reason, **self._names()))
        self.held_by_human(reason, at)

    def resume_bot(self) -> None:
        if self.held_by is Holder.HUMAN:
            self._released()
            self.record(SessionBotResumed(**self._names()))

    def _released(self) -> None:
        self.held_by, self.held_since, self.agent_id = Holder.BOT, None, None

    def _inherit(self, later: "Session") -> None:
        if later.held_by is Holder.HUMAN:
            self.held_by = Holder.HUMAN
            since = [moment for moment in (self.held_since, later.held_since) if moment]
            self.held_since = min(since, default=None)
        self.agent_id = later.agent_id or self.agent_id

    def _close(self, reason: CloseReason, at: datetime) -> None:
        self.status, self.close_reason, self.ended_at = SessionStatus.CLOSED, reason, at
        lasted = int((self.last_message_at - self.started_at).total_seconds())
        self.record(SessionClosed(reason=reason, duration_seconds=lasted, **self._names()))

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

    `near` are the chat's sessions within a timeout of the message, and its open one.
    """
    sessions = sorted((each for each in near if each.status is not SessionStatus.MERGED), key=lambda s: s.started_at)
    reached = [session for session in sessions if session.reaches(at)]
    if not reached:
        return Placed(session=_begin(sessions, chat, timeout_minutes, at), is_new=True)
    home = reached[0]
    home.take(at)
    later = next((each for each in reached[1:] if home.reaches(each.started_at)), None)
    if later is not None:
        home.absorb(later)
    _settle(home, sessions)
    return Placed(session=home, swallowed=later)


def _begin(sessions: list[Session], chat: Chat, timeout_minutes: int, at: datetime) -> Session:
    newest = all(session.started_at < at for session in sessions)
    if newest:
        for session in sessions:
            session.expire()
    session = Session.start(chat=chat, timeout_minutes=timeout_minutes, at=at)
    if not newest:
        session.expire()
    return session


def _settle(home: Session, sessions: list[Session]) -> None:
    """Only the newest session may be open; one that closed for silence too early opens again."""
    alive = [session for session in sessions if session.status is not SessionStatus.MERGED]
    newest = max(alive, key=lambda session: session.started_at)
    if home is not newest or home.close_reason is not CloseReason.TIMEOUT:
        return
    home.reopen()
