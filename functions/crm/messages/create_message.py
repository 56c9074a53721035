"""A new message, to be sent."""

from shared.crm.chats.use_cases import chosen_chat
from shared.crm.messages.bodies import NewMessage
from shared.crm.messages.view import MESSAGES, MessageView
from shared.crm.messages.writing import write
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/messages", allow=Role.AGENT, status=201)
def create_message(uow: UnitOfWork, body: NewMessage) -> One[MessageView]:
    """Send a message to a chat, or to a contact through a channel; `type` says what it is.

    It is queued here and sent at once; its status tells how far it has come. From now on you hold the session.
    What the channel's engine cannot send is refused.
    """
    chat = chosen_chat(uow, body.chat_id, body.contact_id, body.channel_id)
    return one(MESSAGES, write(uow, chat, body.draft(), body.reply_to).id)
