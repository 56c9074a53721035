"""Taking a chat out again that was put away."""

from uuid import UUID

from shared.crm.chat_actions.use_cases import archive
from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/chats/{chat_id}/unarchive", allow=Role.AGENT)
def unarchive_chat(uow: UnitOfWork, chat_id: UUID) -> One[ChatView]:
    """Take an archived chat out again, here at once and on WhatsApp where the channel's engine can."""
    chat = Chats(uow).locked(chat_id)
    archive(uow, chat, on=False)
    return one(CHATS, chat.id)
