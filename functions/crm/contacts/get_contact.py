"""One contact."""

from uuid import UUID

from shared.crm.contacts.view import CONTACTS, ContactView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/contacts/{contact_id}", allow=Role.VIEWER)
def get_contact(contact_id: UUID) -> One[ContactView]:
    """Show one contact; the id of one that was merged shows who it became one with."""
    return one(CONTACTS, contact_id)
