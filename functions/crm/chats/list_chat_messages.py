"""The messages of a chat."""

from uuid import UUID

from shared.crm.chats.view import IS_THERE, NAMED
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/chats/{chat_id}/messages", allow=Role.VIEWER)
def list_chat_messages(chat_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[MessageView]:
    """List what was said in a chat, the latest first."""
    return page(MESSAGES, query, filters, where=f"m.chat_id = {NAMED}", exists=IS_THERE, chat_id=chat_id)
