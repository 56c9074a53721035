"""A message made ready for its provider: all that the call needs, so that no transaction is open meanwhile."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.crm.messages.files import fetchable
from shared.crm.messages.model import Direction, Message
from shared.crm.messages.store import Messages, messages
from shared.kernel.outbound import Draft
from shared.providers.waha.capabilities import takes_id
from shared.providers.waha.client import Sent, Waha, new_message_id
from shared.providers.waha.rendering import rendered
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

GROUP = "@g.us"
_ADDRESS = """
select address from chat_addresses where tenant_id = :tenant_id and chat_id = :chat_id
order by address like '%@lid', created_at desc limit 1
"""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """`draft` is what goes out, in the form the engine sends; `forwards` is the provider's id of what is passed on."""

    message_id: UUID
    channel: Channel
    address: str
    draft: Draft
    forwards: str | None
    external_id: str | None
    reply_to: str | None
    claimed_at: datetime

    def named(self) -> "Parcel":
        """The same under an id of ours, if the engine takes one for it."""
        takes = takes_id(self.channel.engine, self.draft.type, forwarded=self.forwards is not None)
        return replace(self, external_id=new_message_id()) if takes and self.external_id is None else self

    def send(self, waha: Waha) -> Sent:
        if self.forwards:
            return waha.forward(self.address, self.forwards, message_id=self.external_id)
        return waha.send(self.address, self.draft, reply_to=self.reply_to, message_id=self.external_id)


def pack(uow: UnitOfWork, message: Message, channel: Channel) -> Parcel:
    address = address_of(uow, message.chat_id)
    return Parcel(
        message_id=message.id,
        channel=channel,
        address=address,
        draft=rendered(fetchable(uow, message.draft()), channel.engine, group=address.endswith(GROUP)),
        forwards=_provider_id(uow, message.forwarded_from_id),
        external_id=message.external_id,
        reply_to=_provider_id(uow, message.quoted_message_id),
        claimed_at=uow.now,
    )


def address_of(uow: UnitOfWork, chat_id: UUID) -> str:
    """Where the provider finds a chat: by phone rather than by a hidden id, by what was learnt last."""
    rows = uow.run(sql(_ADDRESS, tenant_id=uow.tenant_id, chat_id=chat_id))[0]
    return rows[0][0] or "" if rows else ""


def full_id(message: Message, address: str) -> str:
    """The whole id under which the provider knows a message, made of what is known where it was never told."""
    direction = "true" if message.direction is Direction.OUTBOUND else "false"
    return message.provider_id or f"{direction}_{address}_{message.external_id}"


def _provider_id(uow: UnitOfWork, message_id: UUID | None) -> str | None:
    message = Messages(uow).first(messages.c.id == message_id) if message_id else None
    return message.provider_id if message else None
