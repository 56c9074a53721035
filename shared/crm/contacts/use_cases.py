"""Registering people by hand, without making one person two."""

from collections.abc import Sequence

from shared.crm.contacts.model import Contact, ContactSource
from shared.crm.contacts.store import Contacts
from shared.kernel.errors import Conflict
from shared.kernel.identities import Identity
from shared.runtime.work import UnitOfWork


def register(uow: UnitOfWork, identities: Sequence[Identity], name: str) -> Contact:
    """A new contact, or a deleted one come back. Conflict `contact_exists`: somebody is known by one of these."""
    contacts = Contacts(uow)
    before = _free(contacts.owners(identities))
    contact = before[0] if before else contacts.add(_new(uow, name))
    contact.restore()
    if name:
        contact.rename(name)
    contacts.link(contact, identities)
    return contact


def identify(uow: UnitOfWork, contact: Contact, identities: Sequence[Identity]) -> None:
    """Let a contact be known by more. Conflict `contact_exists`: somebody else is known by one of these."""
    contacts = Contacts(uow)
    _free([owner for owner in contacts.owners(identities) if owner is not contact])
    contacts.link(contact, identities)


def _free(owners: list[Contact]) -> list[Contact]:
    """The deleted ones among them, which are all, or it is a conflict."""
    living = next((owner for owner in owners if owner.deleted_at is None), None)
    if living:
        raise Conflict(
            "a contact is known by this phone or e-mail already",
            code="contact_exists",
            details={"contact_id": str(living.id)},
        )
    return owners


def _new(uow: UnitOfWork, name: str) -> Contact:
    caller = uow.caller
    return Contact.create(tenant_id=caller.tenant_id, project_id=caller.project_id, source=ContactSource.API, name=name)
