"""Changing a contact."""

from uuid import UUID

from pydantic import Field

from shared.crm.contacts.store import Contacts, identities_of
from shared.crm.contacts.use_cases import identify
from shared.crm.contacts.view import CONTACTS, ContactView
from shared.kernel.values import Email, Name, PhoneNumber
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, unsent
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class ContactChanges(Body):
    name: Name = Field(default_factory=unsent, examples=["Ana Souza"])
    phone: PhoneNumber = Field(
        default_factory=unsent, description="One more phone; the others stay.", examples=["+5511912345678"]
    )
    email: Email = Field(
        default_factory=unsent, description="One more e-mail; the others stay.", examples=["ana@example.com"]
    )


@endpoint("PATCH", "/api/v1/crm/contacts/{contact_id}", allow=Role.AGENT)
def update_contact(uow: UnitOfWork, contact_id: UUID, body: ContactChanges) -> One[ContactView]:
    """Rename a contact, or let it be known by one more phone or e-mail."""
    contact = Contacts(uow).living(contact_id)
    if told := identities_of(phone=body.phone, email=body.email):
        identify(uow, contact, told)
    if body.name:
        contact.rename(body.name)
    return one(CONTACTS, contact.id)
