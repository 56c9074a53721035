"""A new chat."""

from shared.crm.chat_actions.use_cases import found
from shared.crm.chats.bodies import NewChat, NewGroup, NewIndividual
from shared.crm.chats.use_cases import begin
from shared.crm.chats.view import CHATS, ChatView
from shared.kernel.errors import Invalid
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/chats", allow=Role.AGENT, status=201, may_begin=True)
def create_chat(uow: UnitOfWork, body: NewChat) -> One[ChatView]:
    """Open a chat with a contact on a channel, where nothing is said yet, or have a group made on WhatsApp.

    Where there is a chat with the contact it is a conflict, which names it in `details.chat_id`. A group is answered
    with 202, and stands in `pending` until WhatsApp has made it; so does, as failed, whoever could not be taken in.
    """
    if isinstance(body, NewGroup):
        chat = found(uow, body.channel_id, body.subject, body.participants)
        return one(CHATS, chat.id, is_begun=True)
    if isinstance(body, NewIndividual):
        return one(CHATS, begin(uow, body.contact_id, body.channel_id).id)
    raise Invalid("a WhatsApp channel is made on the phone; it is only kept here", code="kind_unavailable")
