"""Where sessions are kept and how they are found."""

from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.sessions.model import Session, SessionStatus
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

sessions = map_aggregate(Session, "sessions")

_TIMEOUT = "select session_timeout_minutes from projects where tenant_id = :tenant_id and id = :project_id"


class Sessions(Repository[Session]):
    kind = Session

    def open_in(self, chat_id: UUID) -> Session | None:
        """The chat's open session, locked; the chat is locked by the caller."""
        return self.first(sessions.c.chat_id == chat_id, sessions.c.status == SessionStatus.OPEN, lock=True)

    def timeout_minutes(self, chat: Chat) -> int:
        """For how long a session of the chat's project may be silent."""
        rows = self.uow.run(sql(_TIMEOUT, tenant_id=chat.tenant_id, project_id=chat.project_id))[0]
        return int(rows[0][0] or 0)

    def add(self, aggregate: Session) -> Session:
        """Insert it once the session that was open before it has left its place."""
        self.uow.flush()
        return super().add(aggregate)
