"""Where a provider finds a chat, and by what it knows a message."""

from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.messages.model import Direction, Message
from shared.kernel.errors import Conflict
from shared.kernel.inbound import ChatKind
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


def is_there(uow: UnitOfWork, chat: Chat) -> bool:
    """Whether a provider has the chat: a group that was asked for may not be made yet."""
    return chat.kind is not ChatKind.GROUP or bool(address_of(uow, chat.id))


def must_be_there(uow: UnitOfWork, chat: Chat) -> None:
    """Conflict `group_not_made`: no provider has it."""
    if not is_there(uow, chat):
        raise Conflict("WhatsApp has not made this group; see in `pending` how far that is", code="group_not_made")


def full_id(message: Message, address: str) -> str:
    """The whole id under which the provider knows a message, made of what is known where it was never told."""
    direction = "true" if message.direction is Direction.OUTBOUND else "false"
    return message.provider_id or f"{direction}_{address}_{message.external_id}"
