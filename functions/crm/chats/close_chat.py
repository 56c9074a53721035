"""Closing a chat."""

from uuid import UUID

from shared.crm.chats.store import Chats
from shared.crm.chats.use_cases import close
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/chats/{chat_id}/close", allow=Role.AGENT)
def close_chat(uow: UnitOfWork, chat_id: UUID) -> One[ChatView]:
    """Be done with a chat, and with its open session, until a customer writes in it again; WhatsApp is not told."""
    chat = Chats(uow).locked(chat_id)
    close(uow, chat)
    return one(CHATS, chat.id)
