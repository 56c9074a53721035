"""The messages of a chat, a session or a contact."""

from shared.crm.messages.view import MESSAGES, MessageView, parents
from shared.kernel.errors import NotFound
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/messages", allow=Role.VIEWER, errors=(NotFound,))
def list_messages(query: PageQuery, filters: dict[str, str]) -> Page[MessageView]:
    """List messages, the latest first; say of which chat, session or contact."""
    exists, values = parents(filters)
    return page(MESSAGES, query, filters, exists=exists, **values)
