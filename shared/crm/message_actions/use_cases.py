"""What people have done to a message that was sent: it says something else, is taken back, or gets an emoji."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.message_actions.model import ActionKind, MessageAction
from shared.crm.message_actions.store import MessageActions
from shared.crm.message_actions.tasks import PerformMessageAction, ShowTyping
from shared.crm.messages.model import Direction, Message, MessageStatus
from shared.crm.messages.use_cases import locked_message
from shared.crm.messages.writing import must_be_able, way_out
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.inbound import ChatKind, MessageType
from shared.providers.waha.capabilities import Operation
from shared.runtime.work import UnitOfWork

# As long as WhatsApp takes them.
EDIT_WITHIN, RECALL_WITHIN = timedelta(minutes=15), timedelta(hours=60)
_OPERATIONS = {
    ActionKind.EDIT: Operation.EDIT,
    ActionKind.RECALL: Operation.RECALL,
    ActionKind.REACTION: Operation.REACTION,
}


def change(uow: UnitOfWork, message_id: UUID, text: str | None, notes: Mapping[str, Any] | None) -> Message:
    """Change what it says, the notes about it, or both."""
    message = locked_message(uow, message_id)
    if text is not None and message.status is MessageStatus.QUEUED:
        message.rewrite(text, uow.caller.user_id)
    elif text is not None:
        _edit(uow, message, text)
    if notes:
        message.annotate(notes)
    return message


def _edit(uow: UnitOfWork, message: Message, text: str) -> None:
    """Invalid: it is no text. Conflict: it is not ours, was not sent, or was sent too long ago."""
    if message.type is not MessageType.TEXT:
        raise Invalid("only what a text says can be changed", code="not_a_text")
    if not message.is_there:
        raise Conflict("only what waits to be sent, or was sent, can be changed", code="not_waiting")
    _must_be_ours(message)
    if uow.now - message.sent_at > EDIT_WITHIN:
        raise Conflict("WhatsApp changes a message within 15 minutes, and this one is older", code="too_late")
    if text != message.text or MessageActions(uow).waiting_on(message.id, ActionKind.EDIT):
        _request(uow, ActionKind.EDIT, message, text)


def recall(uow: UnitOfWork, message_id: UUID) -> Message:
    """Take a message of ours back, for everybody. Conflict: it cannot be any more, or was already."""
    message = locked_message(uow, message_id)
    _must_be_ours(message)
    if uow.now - message.sent_at > RECALL_WITHIN:
        raise Conflict("WhatsApp takes a message back within 60 hours, and this one is older", code="too_late")
    if not MessageActions(uow).waiting_on(message.id, ActionKind.RECALL):
        _request(uow, ActionKind.RECALL, message, None)
    return message


def react(uow: UnitOfWork, message_id: UUID, emoji: str) -> Message:
    """Set our emoji to a message, or with an empty one take it back."""
    message = locked_message(uow, message_id)
    _must_be_there(message)
    _request(uow, ActionKind.REACTION, message, emoji)
    return message


def _must_be_ours(message: Message) -> None:
    if message.direction is not Direction.OUTBOUND:
        raise Conflict("only a message that we sent can be changed or taken back", code="not_ours")
    _must_be_there(message)


def _must_be_there(message: Message) -> None:
    """Conflict: WhatsApp does not show it, as it was not sent, or was taken back."""
    if message.revoked_at:
        raise Conflict("this message was taken back", code="revoked")
    if not message.is_there or message.external_id is None:
        raise Conflict("this message was not sent, or nobody knows whether it was", code="not_sent")


def _request(uow: UnitOfWork, kind: ActionKind, message: Message, value: str | None) -> None:
    chat = Chats(uow).get(message.chat_id)
    channel = way_out(uow, chat)
    must_be_able(channel, _OPERATIONS[kind], group=chat.kind is ChatKind.GROUP)
    action = MessageAction.queue(kind, message, value, by=uow.caller.user_id, at=uow.now)
    MessageActions(uow).request(action)
    uow.schedule(PerformMessageAction(action_id=action.id))


def show_typing(uow: UnitOfWork, chat: Chat, seconds: int) -> None:
    """Let the other side see that somebody types, for so long; none: that nobody does any more."""
    channel = way_out(uow, chat)
    must_be_able(channel, Operation.TYPING, group=chat.kind is ChatKind.GROUP)
    ends = uow.now + timedelta(seconds=seconds)
    if seconds:
        uow.schedule(ShowTyping(chat_id=chat.id, on=True, until=ends))
    uow.schedule(ShowTyping(chat_id=chat.id, on=False, until=ends + timedelta(minutes=1)), at=ends)
