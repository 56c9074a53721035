"""Who takes part in a chat."""

from uuid import UUID

from shared.crm.chats.view import IS_THERE, PARTICIPANTS, ParticipantView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/chats/{chat_id}/participants", allow=Role.VIEWER)
def list_chat_participants(chat_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[ParticipantView]:
    """List the contacts who take part in a chat, those first who were there first."""
    return page(PARTICIPANTS, query, filters, exists=IS_THERE, chat_id=chat_id)
