"""One chat."""

from uuid import UUID

from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/chats/{chat_id}", allow=Role.VIEWER)
def get_chat(chat_id: UUID) -> One[ChatView]:
    """Show one chat; the id of one that was merged shows which it became one with."""
    return one(CHATS, chat_id)
