"""What deliveries about the same people and the same chat are decided upon, one after the other."""

from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.crm.chats.model import Chat
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.merge import next_merge
from shared.crm.inbound.people import People
from shared.crm.inbound.picture import Wanted
from shared.crm.message_groups.model import GroupStatus, MessageGroup
from shared.crm.messages.model import Message, MessageStatus, SenderKind
from shared.crm.sessions.model import Session

OfChat = TypeVar("OfChat", Session, MessageGroup, Message)


class Scene:
    """The picture, as those who were decided before have left it: what is read and made lies in the ledger.

    It `is_over` when something was moved that is known to the database alone: who comes next must look again.
    """

    def __init__(self, gate: Gate, seen: dict[str, Any]) -> None:
        self.gate = gate
        self.seen = seen
        self.ledger = Ledger()
        self.now = datetime.fromisoformat(seen["now"])
        self.is_over = False

    @cached_property
    def channel(self) -> Channel:
        return self.ledger.load("channels", Channel, self.seen["channel"])

    @cached_property
    def people(self) -> People:
        return People(self.gate, self.ledger, self.seen)

    def moment(self, told: datetime | None) -> datetime:
        """When that was: now where nobody says, and never later, however far ahead the provider's clock is."""
        return min(told or self.now, self.now)

    @property
    def shows_more(self) -> bool:
        """Whether more is to be seen here than the one chat, or what the database alone will change.

        That is so where a message was only announced, and where one waits for what it quotes.
        """
        return any(row["is_placeholder"] or _waits(row) for row in self.seen.get("messages", ()))

    def shows_two(self, wanted: Wanted) -> bool:
        """Whether two contacts turn out to be one person."""
        return bool(wanted.people) and next_merge(wanted, self.people.owners, self.people.at_home) is not None

    def sessions(self, chat: Chat) -> list[Session]:
        """Those near to what is told."""
        return self._of(chat, "sessions", Session, self.seen["sessions"])

    def groups(self, chat: Chat) -> list[MessageGroup]:
        """The bursts that wait, are at work, or have no answer that has left."""
        answered = {reply.answers_group_id for reply in self.replies(chat)}
        groups = self._of(chat, "message_groups", MessageGroup, self.seen["groups"])
        return [group for group in groups if _is_open(group) or group.id in answered]

    def replies(self, chat: Chat) -> list[Message]:
        """What a bot is about to say."""
        messages = self._of(chat, "messages", Message, self.seen["replies"])
        return [each for each in messages if each.status is MessageStatus.QUEUED and each.sender_kind is SenderKind.BOT]

    def sending(self) -> list[Message]:
        """Sends of ours whose id we do not know yet."""
        sending = self.ledger.load_all("messages", Message, self.seen["sending"])
        return [message for message in sending if message.external_id is None]

    def message(self, external_id: str) -> Message | None:
        """The message of that id, if it was here before."""
        row = next((row for row in self.seen["messages"] if row["external_id"] == external_id), None)
        return self.ledger.load("messages", Message, row) if row else None

    def quoted(self, by: Message) -> UUID | None:
        """The message that another quotes, be it one that came just now."""
        if by.quoted_external_id is None:
            return None
        here = (each for each in self.ledger.all(Message) if each.external_id == by.quoted_external_id)
        found = next((each.id for each in here if each is not by), None)
        known = self.seen["quoted"].get(by.quoted_external_id)
        return found or (UUID(known) if known else None)

    def _of(self, chat: Chat, table: str, kind: type[OfChat], rows: list[dict[str, Any]]) -> list[OfChat]:
        """All of the chat, and of no other, such as that of somebody who was parted from whoever wrote."""
        self.ledger.load_all(table, kind, rows)
        return [each for each in self.ledger.all(kind) if each.chat_id == chat.id]


def _waits(row: dict[str, Any]) -> bool:
    return row["quoted_external_id"] is not None and row["quoted_message_id"] is None


def _is_open(group: MessageGroup) -> bool:
    return group.status in {GroupStatus.PENDING, GroupStatus.PROCESSING} or group.outcome is None
