"""A chat's sessions told twice: as messages arrive in some order, and as they would be cut had all come in time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.crm.chats.model import Chat
from shared.crm.sessions.model import CloseReason, Holder, Session, SessionOutcome, SessionStatus, place
from tests.shared.crm.samples import a_chat, minute

TIMEOUT = 60


@dataclass(frozen=True)
class Said:
    """A message: the minute it was written in, and whether we wrote it ourselves."""

    at: int
    ours: bool = False


@dataclass(frozen=True)
class Closed:
    """Somebody closes the open session by hand in that minute."""

    at: int


@dataclass(frozen=True)
class Swept:
    """The sweeper looks in that minute for sessions that fell silent."""

    at: int


Step = Said | Closed | Swept


@dataclass
class Conversation:
    """Takes steps in the order in which they come; `closes` are those that found something to close."""

    chat: Chat = field(default_factory=a_chat)
    sessions: list[Session] = field(default_factory=list)
    homes: dict[int, Session] = field(default_factory=dict)
    closes: list[int] = field(default_factory=list)

    def take(self, step: Step, number: int = 0) -> None:
        if isinstance(step, Said):
            self._hear(step, number)
        elif isinstance(step, Closed):
            self._close(step.at)
        else:
            self._sweep(minute(step.at))

    def _hear(self, said: Said, number: int) -> None:
        at = minute(said.at)
        placed = place(self._near(at), chat=self.chat, timeout_minutes=TIMEOUT, at=at)
        if placed.is_new:
            self.sessions.append(placed.session)
        if placed.swallowed:
            moved = [each for each, home in self.homes.items() if home is placed.swallowed]
            self.homes.update(dict.fromkeys(moved, placed.session))
        self.homes[number] = placed.session
        if said.ours:
            placed.session.held_by_human("written on the phone", at)
        self._check()

    def _close(self, at: int) -> None:
        for session in self.sessions:
            if session.status is SessionStatus.OPEN:
                session.close(minute(at), outcome_of(at))
                self.closes.append(at)

    def _sweep(self, now: datetime) -> None:
        for session in self.sessions:
            if session.status is SessionStatus.OPEN and session.expires_at < now:
                session.expire()

    def _near(self, at: datetime) -> list[Session]:
        """As little as the ingest path reads: what may reach the message, its neighbours, the newest."""
        alive = sorted(self._alive(), key=lambda each: each.started_at)
        wide = timedelta(minutes=TIMEOUT)
        touching = [each for each in alive if each.started_at - wide <= at <= each.last_message_at + wide]
        before = [each for each in alive if each.started_at <= at][-1:]
        return list({each.id: each for each in (*touching, *before, *alive[-1:])}.values())

    def _alive(self) -> list[Session]:
        return [each for each in self.sessions if each.status is not SessionStatus.MERGED]

    def _check(self) -> None:
        alive = self._alive()
        assert sum(each.status is SessionStatus.OPEN for each in alive) <= 1
        for each in alive:
            assert (each.ended_at is None) == (each.status is SessionStatus.OPEN)
            assert each.started_at <= each.last_message_at

    def told(self) -> list[dict[str, Any]]:
        """Every living session by what it says of itself, oldest first."""
        told = [_told(each, [n for n, home in self.homes.items() if home is each]) for each in self._alive()]
        return sorted(told, key=lambda each: each["started_at"])


def outcome_of(close: int) -> SessionOutcome | None:
    """What whoever closes in that minute says came of it: each time something else, or nothing."""
    outcomes: list[SessionOutcome | None] = [None, *SessionOutcome]
    return outcomes[close % len(outcomes)]


def _told(session: Session, messages: list[int]) -> dict[str, Any]:
    is_open = session.status is SessionStatus.OPEN
    return {
        "messages": sorted(messages),
        "started_at": session.started_at,
        "last_message_at": session.last_message_at,
        "ended_at": session.ended_at,
        "reason": session.close_reason,
        "outcome": session.outcome,
        # Nobody holds what was closed by hand; who held what fell silent matters to nobody.
        "holder": session.held_by if is_open or session.close_reason is CloseReason.MANUAL else None,
        "held_since": session.held_since if is_open else None,
    }


def in_order(said: list[Said], closes: list[int]) -> list[dict[str, Any]]:
    """Cut the same messages by the plain definition: a silence longer than the timeout, or a hand, ends a session."""
    marks = [*((each.at, 0, number) for number, each in enumerate(said)), *((at, 1, -1) for at in closes)]
    stretches: list[dict[str, Any]] = []
    for at, is_close, number in sorted(marks):
        current = stretches[-1] if stretches else None
        if is_close:
            assert current is not None
            current.update(ended_at=minute(at), reason=CloseReason.MANUAL, holder=Holder.BOT, held_since=None)
            current["outcome"] = outcome_of(at)
            continue
        if current is None or current["reason"] or minute(at) > _silent_at(current):
            _fell_silent(current)
            current = _stretch(minute(at))
            stretches.append(current)
        current["messages"].append(number)
        current["last_message_at"] = minute(at)
        if said[number].ours and current["holder"] is Holder.BOT:
            current.update(holder=Holder.HUMAN, held_since=minute(at))
    return [{**each, "messages": sorted(each["messages"])} for each in stretches]


def _stretch(at: datetime) -> dict[str, Any]:
    return {
        "messages": [],
        "started_at": at,
        "last_message_at": at,
        "ended_at": None,
        "reason": None,
        "outcome": None,
        "holder": Holder.BOT,
        "held_since": None,
    }


def _silent_at(stretch: dict[str, Any]) -> datetime:
    end: datetime = stretch["last_message_at"] + timedelta(minutes=TIMEOUT)
    return end


def _fell_silent(stretch: dict[str, Any] | None) -> None:
    if stretch and not stretch["reason"]:
        stretch.update(ended_at=_silent_at(stretch), reason=CloseReason.TIMEOUT, holder=None, held_since=None)
