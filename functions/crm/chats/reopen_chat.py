"""Reopening a chat."""

from uuid import UUID

from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/chats/{chat_id}/reopen", allow=Role.AGENT)
def reopen_chat(uow: UnitOfWork, chat_id: UUID) -> One[ChatView]:
    """Take a closed chat up again."""
    chat = Chats(uow).locked(chat_id)
    chat.reopen()
    return one(CHATS, chat.id)
