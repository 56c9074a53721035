"""The timeline of a contact."""

from uuid import UUID

from shared.crm.contact_events.view import CONTACT_EVENTS, ContactEventView
from shared.crm.contacts.view import IS_THERE, NAMED
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/contacts/{contact_id}/events", allow=Role.VIEWER)
def list_contact_events(contact_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[ContactEventView]:
    """List what has happened around a contact, the latest first."""
    return page(CONTACT_EVENTS, query, filters, where=f"e.contact_id = {NAMED}", exists=IS_THERE, contact_id=contact_id)
