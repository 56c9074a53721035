"""The sessions of a contact."""

from uuid import UUID

from shared.crm.contacts.view import IS_THERE, NAMED
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/contacts/{contact_id}/sessions", allow=Role.VIEWER)
def list_contact_sessions(contact_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[SessionView]:
    """List a contact's sessions on all channels, the latest first."""
    return page(SESSIONS, query, filters, where=f"s.contact_id = {NAMED}", exists=IS_THERE, contact_id=contact_id)
