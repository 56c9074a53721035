"""The messages of a contact."""

from uuid import UUID

from shared.crm.contacts.view import IS_THERE, NAMED
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/contacts/{contact_id}/messages", allow=Role.VIEWER)
def list_contact_messages(contact_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[MessageView]:
    """List what was said with a contact on all channels, the latest first."""
    return page(MESSAGES, query, filters, where=f"m.contact_id = {NAMED}", exists=IS_THERE, contact_id=contact_id)
