"""Putting a chat away."""

from uuid import UUID

from shared.crm.chat_actions.use_cases import archive
from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/chats/{chat_id}/archive", allow=Role.AGENT)
def archive_chat(uow: UnitOfWork, chat_id: UUID) -> One[ChatView]:
    """Put a chat away, here at once and on WhatsApp where the channel's engine can; that stands in `pending`."""
    chat = Chats(uow).locked(chat_id)
    archive(uow, chat, on=True)
    return one(CHATS, chat.id)
