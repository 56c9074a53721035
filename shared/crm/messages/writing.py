"""A person writes: the message is queued in its session, which that person holds from then on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.crm.agents.store import Agents
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.chats.model import Chat
from shared.crm.messages.files import with_file
from shared.crm.messages.model import Message, MessageStatus, SenderKind
from shared.crm.messages.store import Messages
from shared.crm.messages.whereabouts import must_be_there
from shared.crm.sessions.model import Session, place
from shared.crm.sessions.store import Sessions
from shared.crm.sessions.use_cases import take_over
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.inbound import ChatKind
from shared.kernel.outbound import Draft
from shared.providers.waha.capabilities import Operation, can, takes_id
from shared.providers.waha.ids import new_message_id
from shared.providers.waha.rendering import rendered
from shared.runtime.work import UnitOfWork


def write(uow: UnitOfWork, chat: Chat, draft: Draft, reply_to: UUID | None) -> Message:
    """Queue what the caller says in a chat that is locked; see `check` for what is refused."""
    draft = check(uow, chat, draft, reply_to)
    agent, session = Agents(uow).of_caller(), _session(uow, chat, uow.now)
    take_over(uow, session, "a person answered", agent.id)
    return _queue(uow, chat, session, draft, agent.id, **_with(uow, chat, draft, reply_to))


def say_later(uow: UnitOfWork, chat: Chat, draft: Draft, reply_to: UUID | None, *, id: UUID, agent_id: UUID) -> Message:
    """Queue what somebody has left to be said now. They are not here, so the session stays whose it is."""
    session = _session(uow, chat, uow.now)
    return _queue(uow, chat, session, draft, agent_id, id=id, **_with(uow, chat, draft, reply_to))


def check(uow: UnitOfWork, chat: Chat, draft: Draft, reply_to: UUID | None) -> Draft:
    """The draft, with what is known of its file, if it can be sent there now.

    Invalid: nobody can be written to there, the engine cannot send this, or `reply_to` is of another chat.
    Conflict: the channel is not active, or what is replied to was not sent yet. NotFound: there is no such file.
    """
    channel = way_out(uow, chat)
    draft = with_file(uow, draft)
    sendable(chat, channel, draft)
    if reply_to:
        _quoted(uow, chat, reply_to)
    return draft


def _with(uow: UnitOfWork, chat: Chat, draft: Draft, reply_to: UUID | None) -> dict[str, Any]:
    """The id it gets where the engine lets us choose it, and what it answers."""
    channel = Channels(uow).get(chat.channel_id)
    takes = takes_id(channel.engine, sendable(chat, channel, draft).type)
    quoted = _quoted(uow, chat, reply_to) if reply_to else None
    return {"external_id": new_message_id() if takes else None, "quoted": quoted}


def forward(uow: UnitOfWork, source_id: UUID, chat: Chat) -> Message:
    """Pass a message on to a chat that is locked.

    Invalid: that is on another channel, or its engine cannot. Conflict: the message is not on WhatsApp.
    """
    source, channel = Messages(uow).living(source_id), way_out(uow, chat)
    if source.channel_id != chat.channel_id:
        raise Invalid("a message is passed on within its own channel", code="other_channel")
    if source.revoked_at or source.is_placeholder or not source.is_there or source.provider_id is None:
        raise Conflict("this message is not on WhatsApp, so that it cannot be passed on", code="not_sent")
    must_be_able(channel, Operation.FORWARD, group=chat.kind is ChatKind.GROUP)
    external_id = new_message_id() if takes_id(channel.engine, source.type, forwarded=True) else None
    agent, session = Agents(uow).of_caller(), _session(uow, chat, uow.now)
    take_over(uow, session, "a person answered", agent.id)
    passed_on = {"external_id": external_id, "forwarded_from_id": source.id}
    message = _queue(uow, chat, session, source.draft(), agent.id, **passed_on)
    source.forwarded(message)
    return message


def _queue(uow: UnitOfWork, chat: Chat, session: Session, draft: Draft, agent_id: UUID, **more: Any) -> Message:
    chat.heard(uow.now)
    about = {"chat": chat, "session_id": session.id, "draft": draft, "at": uow.now, **more}
    return Messages(uow).add(Message.queue(sender_kind=SenderKind.USER, agent_id=agent_id, **about))


def sendable(chat: Chat, channel: Channel, draft: Draft) -> Draft:
    """The form in which the channel's engine sends a draft. Invalid: it has none, or not in such a chat."""
    group = chat.kind is ChatKind.GROUP
    form = rendered(draft, channel.engine, group=group)
    must_be_able(channel, Operation(form.type), group=group)
    return form


def must_be_able(channel: Channel, operation: Operation, *, group: bool) -> None:
    """Invalid: the channel's engine cannot do this, or not in a group."""
    if not can(channel.engine, operation, group=group):
        place = " in a group" if group and can(channel.engine, operation, group=False) else ""
        raise Invalid(f"the engine {channel.engine} cannot do this{place}: {operation}", code="engine_cannot")


def way_out(uow: UnitOfWork, chat: Chat) -> Channel:
    """The channel to write by. Invalid: nobody can be written to there. Conflict: it is not active, or no group yet."""
    if not chat.converses:
        raise Invalid("only a person or a group can be written to", code="not_writable")
    channel = writable(Channels(uow).get(chat.channel_id))
    must_be_there(uow, chat)
    return channel


def writable(channel: Channel) -> Channel:
    """The channel itself. Conflict: it is not active."""
    if channel.status is not ChannelStatus.ACTIVE:
        raise Conflict("the chat's channel is not active", code="channel_inactive")
    return channel


def _quoted(uow: UnitOfWork, chat: Chat, message_id: UUID) -> Message:
    quoted = Messages(uow).living(message_id)
    if quoted.chat_id != chat.id:
        raise Invalid("reply to a message of the same chat", code="other_chat")
    if quoted.external_id is None or quoted.status in {MessageStatus.FAILED, MessageStatus.CANCELLED}:
        raise Conflict("the message to reply to has not been sent yet", code="not_sent_yet")
    return quoted


def _session(uow: UnitOfWork, chat: Chat, at: datetime) -> Session:
    """The open session, or a new one when that has been silent for too long."""
    sessions = Sessions(uow)
    known = sessions.open_in(chat.id)
    placed = place([known] if known else [], chat=chat, timeout_minutes=sessions.timeout_minutes(chat), at=at)
    return sessions.add(placed.session) if placed.is_new else placed.session
