"""Where sessions are kept and how they are found."""

from uuid import UUID

from shared.crm.sessions.model import Session, SessionStatus
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

sessions = map_aggregate(Session, "sessions")


class Sessions(Repository[Session]):
    kind = Session

    def open_in(self, chat_id: UUID) -> Session | None:
        """The chat's open session, locked; the chat is locked by the caller."""
        return self.first(sessions.c.chat_id == chat_id, sessions.c.status == SessionStatus.OPEN, lock=True)

    def add(self, aggregate: Session) -> Session:
        """Insert it once the session that was open before it has left its place."""
        self.uow.flush()
        return super().add(aggregate)
