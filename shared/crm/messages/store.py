"""Where messages are kept and how they are found."""

from uuid import UUID

from sqlalchemy import literal, tuple_

from shared.crm.messages.model import Message, MessageStatus, SenderKind
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

messages = map_aggregate(Message, "messages")


class Messages(Repository[Message]):
    kind = Message

    def unclaimed_replies(self, chat_id: UUID) -> list[Message]:
        """What a bot is about to say in the chat, locked."""
        waiting = messages.c.status == MessageStatus.QUEUED, messages.c.sender_kind == SenderKind.BOT
        return self.all(messages.c.chat_id == chat_id, *waiting, lock=True)

    def waits_for_another(self, message: Message) -> bool:
        """Whether something that was queued before it in its chat is not sent yet."""
        queued = messages.c.status.in_({MessageStatus.QUEUED, MessageStatus.SENDING})
        before = tuple_(messages.c.sent_at, messages.c.id) < tuple_(literal(message.sent_at), literal(message.id))
        return self.first(messages.c.chat_id == message.chat_id, queued, before) is not None
