"""Scheduling a message, changing one's mind, and sending it when its time has come."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.crm.agents.store import Agents
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.messages.model import Message
from shared.crm.messages.writing import check, say_later
from shared.crm.scheduled_messages.model import ScheduledMessage, ScheduleStatus
from shared.crm.scheduled_messages.store import ScheduledMessages, scheduled_messages
from shared.crm.scheduled_messages.tasks import SendScheduledMessage
from shared.kernel.errors import DomainError
from shared.kernel.outbound import Draft
from shared.runtime.work import UnitOfWork

HOP = timedelta(days=28)  # Cloud Tasks keeps no timer for longer than 30 days; who waits longer waits in hops


def schedule(uow: UnitOfWork, chat: Chat, draft: Draft, reply_to: UUID | None, send_at: datetime) -> ScheduledMessage:
    """Schedule what the caller says in a chat that is locked; it is refused as it would be if it were sent now."""
    draft = check(uow, chat, draft, reply_to)
    by = Agents(uow).of_caller().id
    scheduled = ScheduledMessage.schedule(chat, draft, send_at, agent_id=by, quoted_message_id=reply_to, now=uow.now)
    _set_timer(uow, ScheduledMessages(uow).add(scheduled))
    return scheduled


def change(uow: UnitOfWork, id: UUID, send_at: datetime | None, draft: Draft | None) -> ScheduledMessage:
    """Let it say something else, or go at another time."""
    scheduled = ScheduledMessages(uow).get(id, lock=True)
    if draft is not None:
        scheduled.say(check(uow, Chats(uow).get(scheduled.chat_id), draft, scheduled.quoted_message_id))
    if send_at is not None:
        scheduled.postpone(send_at, uow.now)
        _set_timer(uow, scheduled)
    return scheduled


def cancel(uow: UnitOfWork, id: UUID) -> ScheduledMessage:
    scheduled = ScheduledMessages(uow).get(id, lock=True)
    scheduled.cancel(uow.caller.user_id)
    return scheduled


def send_due(uow: UnitOfWork, id: UUID) -> None:
    """Make a message of it if its time has come, else wait on. What was cancelled or sent meanwhile stays so."""
    known = ScheduledMessages(uow).first(scheduled_messages.c.id == id)
    if known is None:
        return
    chat = Chats(uow).locked(known.chat_id)
    scheduled = ScheduledMessages(uow).get(id, lock=True)
    if scheduled.status is not ScheduleStatus.SCHEDULED:
        return
    if uow.now < scheduled.send_at:
        _set_timer(uow, scheduled)
        return
    try:
        _send(uow, chat, scheduled)
    except DomainError as error:
        scheduled.fail(error.code, str(error))


def _send(uow: UnitOfWork, chat: Chat, scheduled: ScheduledMessage) -> Message:
    draft = check(uow, chat, scheduled.draft, scheduled.quoted_message_id)
    said = say_later(uow, chat, draft, scheduled.quoted_message_id, id=scheduled.id, agent_id=scheduled.agent_id)
    scheduled.went(chat.id)
    return said


def _set_timer(uow: UnitOfWork, scheduled: ScheduledMessage) -> None:
    task = SendScheduledMessage(scheduled_message_id=scheduled.id)
    uow.schedule(task, at=min(scheduled.send_at, uow.now + HOP))
