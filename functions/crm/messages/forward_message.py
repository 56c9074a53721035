"""Passing a message on."""

from uuid import UUID

from shared.crm.chats.use_cases import chosen_chat
from shared.crm.messages.bodies import Addressed
from shared.crm.messages.view import MESSAGES, MessageView
from shared.crm.messages.writing import forward
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Destination(Addressed):
    """Where a message is passed on to."""


@endpoint("POST", "/api/v1/crm/messages/{message_id}/forward", allow=Role.AGENT, status=201)
def forward_message(uow: UnitOfWork, message_id: UUID, body: Destination) -> One[MessageView]:
    """Pass a message on to another chat of the same channel, where it is a message of its own.

    From now on you hold the session there.
    """
    chat = chosen_chat(uow, body.chat_id, body.contact_id, body.channel_id)
    return one(MESSAGES, forward(uow, message_id, chat).id)
