"""Where messages are kept and how they are found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, literal, tuple_

from shared.crm.messages.model import Direction, Message, MessageStatus, SenderKind
from shared.kernel.errors import NotFound
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

messages = map_aggregate(Message, "messages")

_NOT_THERE = "there is no such message"
_UNREAD = """
tenant_id = :tenant_id and chat_id = :chat_id and direction = 'inbound' and read_at is null and deleted_at is null
"""
_LAST_UNREAD = f"""
select id from messages where {_UNREAD} and (sent_at, id) <= (:sent_at, :id) order by sent_at desc, id desc limit 1
"""  # noqa: S608 - our own words
_READ_BEFORE = f"""
update messages set read_at = :at, version = version + 1, updated_at = now()
where {_UNREAD} and (sent_at, id) < (:sent_at, :id)
"""  # noqa: S608 - our own words


class Messages(Repository[Message]):
    kind = Message

    def unclaimed_replies(self, chat_id: UUID) -> list[Message]:
        """What a bot is about to say in the chat, locked."""
        waiting = messages.c.status == MessageStatus.QUEUED, messages.c.sender_kind == SenderKind.BOT
        return self.all(messages.c.chat_id == chat_id, *waiting, lock=True)

    def living(self, id: UUID, *, lock: bool = False) -> Message:
        """The message with that id. NotFound: there is none, or it is deleted."""
        message = self.get(id, lock=lock)
        if message.deleted_at:
            raise NotFound(_NOT_THERE)
        return message

    def last_unread(self, upto: Message) -> Message | None:
        """The last of what the customer wrote in the chat up to this message and nobody has read, locked."""
        names = {"tenant_id": upto.tenant_id, "chat_id": upto.chat_id, "sent_at": upto.sent_at, "id": upto.id}
        rows = self.uow.run(sql(_LAST_UNREAD, **names))[0]
        return self.get(UUID(rows[0][0] or ""), lock=True) if rows else None

    def read_all_before(self, last: Message, at: datetime) -> None:
        """Note of all that the customer wrote before this message that it is read."""
        names = {"tenant_id": last.tenant_id, "chat_id": last.chat_id, "sent_at": last.sent_at, "id": last.id}
        self.uow.run(sql(_READ_BEFORE, **names, at=at))

    def read_with(self, last: Message, most: int) -> list[Message]:
        """What the customer wrote that was read at one go with this message, which was the last of it."""
        theirs = messages.c.chat_id == last.chat_id, messages.c.direction == Direction.INBOUND
        found = self.all(*theirs, messages.c.read_at == last.read_at, messages.c.sent_at <= last.sent_at)
        return sorted(found, key=lambda each: (each.sent_at, each.id))[-most:]

    def waiting_before(self, message: Message) -> Message | None:
        """What was queued before it in its chat, had to wait for its number's pace and is not sent; the last of it."""
        waits = self._queued_before(message), messages.c.not_before.is_not(None)
        found = self.all(messages.c.chat_id == message.chat_id, *waits)
        return max(found, key=lambda each: (each.not_before or each.sent_at, each.id), default=None)

    def waits_for_another(self, message: Message) -> bool:
        """Whether something that was queued before it in its chat is not sent yet."""
        return self.first(messages.c.chat_id == message.chat_id, self._queued_before(message)) is not None

    def _queued_before(self, message: Message) -> ColumnElement[bool]:
        before = tuple_(messages.c.sent_at, messages.c.id) < tuple_(literal(message.sent_at), literal(message.id))
        return and_(messages.c.status.in_({MessageStatus.QUEUED, MessageStatus.SENDING}), before)
