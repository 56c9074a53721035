"""Reading a chat up to a message."""

from uuid import UUID

from shared.crm.messages.use_cases import read_up_to
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/messages/{message_id}/read", allow=Role.AGENT)
def read_message(uow: UnitOfWork, message_id: UUID) -> One[MessageView]:
    """Mark as read what the customer wrote up to this message.

    The customer sees it too, as blue ticks, as long as the channel is active.
    """
    return one(MESSAGES, read_up_to(uow, message_id).id)
