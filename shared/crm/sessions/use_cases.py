"""Sessions by hand: one begins, a person takes it, or gives it back."""

from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.message_groups.model import Outcome
from shared.crm.message_groups.store import MessageGroups
from shared.crm.messages.store import Messages
from shared.crm.messages.whereabouts import must_be_there
from shared.crm.sessions.model import Session, SessionStatus
from shared.crm.sessions.store import Sessions
from shared.kernel.errors import Conflict, Invalid
from shared.runtime.retry import Stale
from shared.runtime.work import UnitOfWork


def start(uow: UnitOfWork, chat: Chat) -> Session:
    """Begin a session in a chat that is locked; one that was silent for too long ends.

    Invalid: nobody converses there. Conflict `session_open`: the chat has a session that goes on; or it is a group that
    is not made yet.
    """
    if not chat.converses:
        raise Invalid("only a conversation with a person or a group has sessions", code="no_conversation")
    must_be_there(uow, chat)
    sessions = Sessions(uow)
    before = sessions.open_in(chat.id)
    if before and before.expires_at >= uow.now:
        details = {"session_id": str(before.id)}
        raise Conflict("the chat has an open session already", code="session_open", details=details)
    if before:
        before.expire()
    minutes = sessions.timeout_minutes(chat)
    return sessions.add(Session.start(chat=chat, timeout_minutes=minutes, at=uow.now))


def locked_session(uow: UnitOfWork, session_id: UUID) -> Session:
    """The session that an id names, as it is once nobody else works on its chat; the chat is always locked first."""
    sessions = Sessions(uow)
    found = sessions.get(session_id)
    found = sessions.get(found.merged_into_id) if found.merged_into_id else found
    chat_id = found.chat_id
    Chats(uow).get(chat_id, lock=True)
    session = sessions.get(found.id, lock=True)
    if session.chat_id != chat_id or session.status is SessionStatus.MERGED:
        raise Stale
    return session


def open_session(uow: UnitOfWork, session_id: UUID) -> Session:
    """The same, if it is open. Conflict: it is closed."""
    session = locked_session(uow, session_id)
    if session.status is not SessionStatus.OPEN:
        raise Conflict("this session is closed")
    return session


def take_over(uow: UnitOfWork, session: Session, reason: str, agent_id: UUID | None = None) -> None:
    """Give the session to a person, and withdraw what the bot has not begun to send.

    The chat and the session are locked by the caller.
    """
    session.held_by_human(reason, uow.now, agent_id)
    replies = Messages(uow).unclaimed_replies(session.chat_id)
    answered = {reply.answers_group_id for reply in replies if reply.answers_group_id}
    for group in MessageGroups(uow).unsettled(session.chat_id, answered):
        group.settle(Outcome.TAKEN_OVER, reason)
    for reply in replies:
        reply.cancel(reason)
