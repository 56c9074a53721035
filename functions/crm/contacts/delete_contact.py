"""Deleting a contact."""

from uuid import UUID

from shared.crm.contacts.store import Contacts
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("DELETE", "/api/v1/crm/contacts/{contact_id}", allow=Role.ADMIN, status=204)
def delete_contact(uow: UnitOfWork, contact_id: UUID) -> None:
    """Delete a contact; whoever writes again comes back with all that was said."""
    Contacts(uow).living(contact_id).delete(uow.now)
