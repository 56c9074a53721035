"""One more participant of a group."""

from uuid import UUID

from pydantic import Field

from shared.crm.chat_actions.use_cases import take_in
from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class NewParticipant(Body):
    contact_id: UUID = Field(description="Whom to add; WhatsApp knows them by their phone.")


@endpoint("POST", "/api/v1/crm/chats/{chat_id}/participants", allow=Role.AGENT, status=202)
def add_chat_participant(uow: UnitOfWork, chat_id: UUID, body: NewParticipant) -> One[ChatView]:
    """Add a contact to a group.

    WhatsApp is asked to, and that stands in `pending` until it has; your number must run the group.
    """
    chat = Chats(uow).locked(chat_id)
    take_in(uow, chat, body.contact_id)
    return one(CHATS, chat.id)
