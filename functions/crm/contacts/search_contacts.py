"""Finding contacts."""

from typing import Annotated

from pydantic import Field

from shared.crm.contacts.query import FIELDS, ContactFilter, words
from shared.crm.contacts.view import CONTACTS, ContactView
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PagedBody, way_of
from shared.runtime.query import Page
from shared.runtime.search import searched_page


class ContactSearch(PagedBody):
    query: str | None = Field(
        None, max_length=200, description="Words of a name, or a part of a phone or e-mail.", examples=["ana souza"]
    )
    filter: ContactFilter | None = None
    sort: Annotated[str, way_of(CONTACTS)] | None = Field(
        None, max_length=100, description="As in the list of contacts; by default the newest first."
    )


@endpoint("POST", "/api/v1/crm/contacts/search", allow=Role.VIEWER, limit=Limit.CRM_READ)
def search_contacts(body: ContactSearch) -> Page[ContactView]:
    """Find contacts by words, by a tree of conditions, or by both."""
    return searched_page(CONTACTS, FIELDS, words, body)
