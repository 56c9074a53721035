"""The chats of the project."""

from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/chats", allow=Role.VIEWER)
def list_chats(query: PageQuery, filters: dict[str, str]) -> Page[ChatView]:
    """List the project's chats, the one spoken in last first."""
    return page(CHATS, query, filters)
