from shared.crm.chats.store import Chats
from shared.crm.sessions.model import SessionStatus
from shared.crm.sessions.store import Sessions, sessions
from shared.crm.sessions.tasks import ExpireSession
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(ExpireSession)
def expire_session(uow: UnitOfWork, task: ExpireSession) -> None:
    """Close a session that has been silent for longer than its timeout."""
    found = Sessions(uow).first(sessions.c.id == task.session_id)
    if found is None:
        return
    Chats(uow).get(found.chat_id, lock=True)
    session = Sessions(uow).get(task.session_id, lock=True)
    if session.status is SessionStatus.OPEN and session.expires_at < uow.now:
        session.expire()
