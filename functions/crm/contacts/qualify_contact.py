"""What a contact is worth."""

from uuid import UUID

from pydantic import Field

from shared.crm.contacts.model import Qualification
from shared.crm.contacts.store import Contacts
from shared.crm.contacts.view import CONTACTS, ContactView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Judgement(Body):
    score: int = Field(ge=0, le=100, description="From 0 to 100.", examples=[80])
    qualification: Qualification = Field(Qualification.QUALIFIED, description="Whether to go on with them.")


@endpoint("POST", "/api/v1/crm/contacts/{contact_id}/qualify", allow=Role.AGENT)
def qualify_contact(uow: UnitOfWork, contact_id: UUID, body: Judgement) -> One[ContactView]:
    """Give a contact a score, and say whether they are a lead."""
    contact = Contacts(uow).living(contact_id)
    contact.qualify(body.score, body.qualification)
    return one(CONTACTS, contact.id)
