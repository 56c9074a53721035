"""A new contact."""

from typing import Self

from pydantic import Field, model_validator

from shared.crm.contacts.store import identities_of
from shared.crm.contacts.use_cases import register
from shared.crm.contacts.view import CONTACTS, ContactView
from shared.kernel.values import Email, Name, PhoneNumber
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class NewContact(Body):
    phone: PhoneNumber | None = Field(None, description="With its country code.", examples=["+5511912345678"])
    email: Email | None = Field(None, examples=["ana@example.com"])
    name: Name | None = Field(None, examples=["Ana Souza"])

    @model_validator(mode="after")
    def _is_known_by_something(self) -> Self:
        if not (self.phone or self.email):
            raise ValueError("give a phone, an e-mail or both")
        return self


@endpoint("POST", "/api/v1/crm/contacts", allow=Role.AGENT, status=201)
def create_contact(uow: UnitOfWork, body: NewContact) -> One[ContactView]:
    """Register a person.

    Whoever is known by the phone or the e-mail already is a conflict, which names them in `details.contact_id`;
    a deleted one comes back.
    """
    contact = register(uow, identities_of(phone=body.phone, email=body.email), body.name or "")
    return one(CONTACTS, contact.id)
