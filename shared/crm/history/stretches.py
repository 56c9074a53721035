"""A chat's sessions while its history is taken in: many messages placed, one after the other, as live ones are."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.crm.chats.model import Chat
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.moves import move_session
from shared.crm.sessions.events import SessionMerged
from shared.crm.sessions.model import Session, SessionStatus, place


class Stretches:
    """The sessions of one chat, by when they began. `known` are all that a message of the pages could come near to."""

    def __init__(self, ledger: Ledger, chat: Chat, known: Iterable[Session], timeout_minutes: int) -> None:
        self._ledger, self._chat, self._timeout_minutes = ledger, chat, timeout_minutes
        self._sessions = sorted(known, key=_began)
        self._before = {each.id: each.status for each in self._sessions}
        timeouts = (timeout_minutes, *(each.timeout_minutes for each in self._sessions))
        self._reach = timedelta(minutes=max(timeouts))
        self.placed: list[Session] = []

    def place(self, at: datetime) -> Session:
        """The session of a message of that time."""
        placed = place(self._near(at), chat=self._chat, timeout_minutes=self._timeout_minutes, at=at)
        if placed.is_new:
            self._sessions.insert(bisect_right(self._sessions, at, key=_began), placed.session)
            self._ledger.add("sessions", placed.session)
        if placed.swallowed:
            self._sessions.remove(placed.swallowed)
            move_session(self._ledger, placed.session, placed.swallowed)
        return placed.session

    def end(self, now: datetime) -> None:
        """Close what has been silent for too long by now; of what is over all along nobody is told."""
        if self._sessions and self._sessions[-1].expires_at < now:
            self._sessions[-1].expire()
        for session in self._sessions:
            if SessionStatus.OPEN not in {session.status, self._before.get(session.id)}:
                _keep_quiet(session)

    def _near(self, at: datetime) -> list[Session]:
        """Those within a timeout of it, the last one begun before it, and the newest: what `place` needs to see."""
        behind = bisect_right(self._sessions, at + self._reach, key=_began)
        first = max(bisect_left(self._sessions, at, key=_began) - 1, 0)
        while first > 0 and self._sessions[first - 1].last_message_at >= at - self._reach:
            first -= 1
        near = self._sessions[first:behind]
        return near if behind == len(self._sessions) else [*near, self._sessions[-1]]


def _began(session: Session) -> datetime:
    return session.started_at


def _keep_quiet(session: Session) -> None:
    """Tell only of what changes hands, for somebody may know it by its old id."""
    for event in session.collect():
        if isinstance(event, SessionMerged):
            session.record(event)
