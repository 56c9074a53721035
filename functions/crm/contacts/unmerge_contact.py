"""Two contacts that became one are two again."""

from uuid import UUID

from pydantic import Field

from shared.crm.contacts.view import CONTACTS, ContactView
from shared.crm.inbound.parting import part
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Undoing(Body):
    merge_id: UUID = Field(description="Which merge to undo: the `contact.merged` event in the timeline names it.")


@endpoint("POST", "/api/v1/crm/contacts/{contact_id}/unmerge", allow=Role.ADMIN)
def unmerge_contact(uow: UnitOfWork, contact_id: UUID, body: Undoing) -> One[ContactView]:
    """Undo that another contact became one with this one; answers with the other, which has its chats again.

    What came since stays here. The two do not become one again by themselves, whatever WhatsApp says.
    """
    return one(CONTACTS, part(uow, contact_id, body.merge_id).id)
