"""Where a provider finds a chat, and by what it knows a message."""

from uuid import UUID

from shared.crm.messages.model import Direction, Message
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

_ADDRESS = """
select address from chat_addresses where tenant_id = :tenant_id and chat_id = :chat_id
order by address like '%@lid', created_at desc limit 1
"""


def address_of(uow: UnitOfWork, chat_id: UUID) -> str:
    """Where the provider finds a chat: by phone rather than by a hidden id, by what was learnt last."""
    rows = uow.run(sql(_ADDRESS, tenant_id=uow.tenant_id, chat_id=chat_id))[0]
    return rows[0][0] or "" if rows else ""


def full_id(message: Message, address: str) -> str:
    """The whole id under which the provider knows a message, made of what is known where it was never told."""
    direction = "true" if message.direction is Direction.OUTBOUND else "false"
    return message.provider_id or f"{direction}_{address}_{message.external_id}"
