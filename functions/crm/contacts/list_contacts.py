"""The contacts of the project."""

from shared.crm.contacts.view import CONTACTS, ContactView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/contacts", allow=Role.VIEWER)
def list_contacts(query: PageQuery, filters: dict[str, str]) -> Page[ContactView]:
    """List the people this project talks to."""
    return page(CONTACTS, query, filters)
