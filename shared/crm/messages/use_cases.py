"""What people do with a message that is there already: delete, confirm, send again, read."""

from datetime import datetime
from uuid import UUID

from shared.crm.chats.store import Chats
from shared.crm.message_groups.model import Outcome
from shared.crm.message_groups.store import MessageGroups
from shared.crm.messages.model import CLOCKS_APART, READ, Level, Message, MessageStatus
from shared.crm.messages.store import Messages
from shared.crm.messages.tasks import TellRead
from shared.crm.messages.writing import way_out
from shared.kernel.errors import Invalid
from shared.runtime.retry import Stale
from shared.runtime.work import UnitOfWork


def locked_message(uow: UnitOfWork, message_id: UUID) -> Message:
    """The message as it is once nobody else works on its chat, which is locked first. NotFound: it is deleted."""
    messages = Messages(uow)
    chat_id = messages.living(message_id).chat_id
    Chats(uow).get(chat_id, lock=True)
    message = messages.living(message_id, lock=True)
    if message.chat_id != chat_id:
        raise Stale  # The chat became one with another just now: that is the one to lock.
    return message


def delete(uow: UnitOfWork, message_id: UUID) -> None:
    """Delete it; a bot's reply that was not sent yet is withdrawn with it."""
    message = locked_message(uow, message_id)
    if message.status is MessageStatus.QUEUED and message.answers_group_id:
        group = MessageGroups(uow).get(message.answers_group_id, lock=True)
        group.settle(Outcome.TAKEN_OVER, "a person deleted the reply")
    message.delete(uow.now, uow.caller.user_id)


def confirm(uow: UnitOfWork, message_id: UUID, level: Level, at: datetime | None) -> Message:
    """Take the caller's word for how far it has come. Invalid: it says so of the future, or from before it was sent."""
    message = locked_message(uow, message_id)
    at = at or uow.now
    if not message.sent_at - CLOCKS_APART <= at <= uow.now + CLOCKS_APART:
        raise Invalid("a message arrives after it was sent and before now; see `at`", code="bad_time")
    message.confirm(level, min(at, uow.now))
    return message


def retry(uow: UnitOfWork, message_id: UUID) -> Message:
    """Queue a message that failed once more."""
    message = locked_message(uow, message_id)
    chat = Chats(uow).get(message.chat_id)
    message.retry(uow.now)
    way_out(uow, chat)
    chat.heard(uow.now)
    return message


def read_up_to(uow: UnitOfWork, message_id: UUID) -> Message:
    """Note that all is read which the customer wrote up to this message; the last of it alone records that.

    The customer is told, too, as long as the channel is active.
    """
    message = locked_message(uow, message_id)
    if last := Messages(uow).last_unread(message):
        last.receipt(READ, uow.now)
        Messages(uow).read_all_before(last, uow.now)
        uow.schedule(TellRead(message_id=last.id))
    return message
