"""A person writes: the message is queued in its session, which that person holds from then on."""

from datetime import datetime
from uuid import UUID

from shared.crm.agents.store import Agents
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.chats.model import Chat
from shared.crm.messages.model import Message, SenderKind
from shared.crm.messages.store import Messages
from shared.crm.sessions.model import Session, place
from shared.crm.sessions.store import Sessions
from shared.crm.sessions.use_cases import take_over
from shared.kernel.errors import Conflict, Invalid
from shared.providers.waha.client import new_message_id
from shared.runtime.work import UnitOfWork


def write(uow: UnitOfWork, chat: Chat, text: str, reply_to: UUID | None) -> Message:
    """Queue the caller's text in a chat that is locked.

    Invalid: nobody can be written to there, or `reply_to` is of another chat. Conflict: the channel is
    not active, or what is replied to was not sent yet.
    """
    channel = way_out(uow, chat)
    quoted = _quoted(uow, chat, reply_to) if reply_to else None
    agent, session = Agents(uow).of_caller(), _session(uow, chat, uow.now)
    take_over(uow, session, "a person answered", agent.id)
    chat.heard(uow.now)
    message = Message.queue(
        chat=chat,
        session_id=session.id,
        text=text,
        at=uow.now,
        sender_kind=SenderKind.USER,
        agent_id=agent.id,
        external_id=new_message_id() if channel.engine.takes_our_ids else None,
        quoted=quoted,
    )
    return Messages(uow).add(message)


def way_out(uow: UnitOfWork, chat: Chat) -> Channel:
    """The channel to write by. Invalid: nobody can be written to there. Conflict: it is not active."""
    if not chat.converses:
        raise Invalid("only a person or a group can be written to", code="not_writable")
    channel = Channels(uow).get(chat.channel_id)
    if channel.status is not ChannelStatus.ACTIVE:
        raise Conflict("the chat's channel is not active", code="channel_inactive")
    return channel


def _quoted(uow: UnitOfWork, chat: Chat, message_id: UUID) -> Message:
    quoted = Messages(uow).living(message_id)
    if quoted.chat_id != chat.id:
        raise Invalid("reply to a message of the same chat", code="other_chat")
    if quoted.external_id is None:
        raise Conflict("the message to reply to has not been sent yet", code="not_sent_yet")
    return quoted


def _session(uow: UnitOfWork, chat: Chat, at: datetime) -> Session:
    """The open session, or a new one when that has been silent for too long."""
    sessions = Sessions(uow)
    known = sessions.open_in(chat.id)
    placed = place([known] if known else [], chat=chat, timeout_minutes=sessions.timeout_minutes(chat), at=at)
    return sessions.add(placed.session) if placed.is_new else placed.session
