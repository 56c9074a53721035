"""Aggregates and arrivals to try rules on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.messages.model import Message, SenderKind
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatKind, InboundMessage, MessageType, Person
from shared.kernel.outbound import words

TENANT, PROJECT, CHANNEL, CONTACT = (UUID(int=number) for number in range(1, 5))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA = Person(identities=(Identity(kind=IdentityKind.PHONE, value="+5511987654321"),), name="Ana")


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def a_chat(kind: ChatKind = ChatKind.INDIVIDUAL) -> Chat:
    contact_id = CONTACT if kind is ChatKind.INDIVIDUAL else None
    chat = Chat.open(tenant_id=TENANT, project_id=PROJECT, channel_id=CHANNEL, kind=kind, contact_id=contact_id)
    chat.collect()
    return chat


def told(**facts: Any) -> InboundMessage:
    """A message as a provider's parser gives it; a text of Ana's unless `facts` say otherwise."""
    usual: dict[str, Any] = {
        "external_id": "3EB0A1",
        "provider_id": "false_5511987654321@c.us_3EB0A1",
        "chat_kind": ChatKind.INDIVIDUAL,
        "chat_address": "5511987654321@c.us",
        "chat_addresses": ("5511987654321@c.us",),
        "customer": ANA,
        "sender": ANA,
        "from_me": False,
        "sent_by_api": False,
        "type": MessageType.TEXT,
        "text": "Oi",
        "media": None,
        "location": None,
        "cards": (),
        "quoted_external_id": None,
        "sent_at": NOON,
        "ack": None,
    }
    return InboundMessage(**{**usual, **facts})


def arrived(chat: Chat | None = None, at: datetime = NOON, **facts: Any) -> Message:
    """A message that came in, its events already collected."""
    message = Message.arrived(told(**facts), chat=chat or a_chat(), session_id=uuid7(), at=at, sender_id=CONTACT)
    message.collect()
    return message


def queued(chat: Chat | None = None, text: str = "Olá!", **facts: Any) -> Message:
    """A reply of the bot's that waits to be sent, its events already collected."""
    given = {"session_id": uuid7(), "at": NOON, "sender_kind": SenderKind.BOT, **facts}
    message = Message.queue(chat=chat or a_chat(), draft=words(text), **given)
    message.collect()
    return message


def names(aggregate: Any) -> list[str]:
    """The names of the events an aggregate has recorded."""
    return [event.event_type for event in aggregate.collect()]
