"""Taking a message back."""

from uuid import UUID

from shared.crm.message_actions.use_cases import recall
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/messages/{message_id}/recall", allow=Role.AGENT, status=202)
def recall_message(uow: UnitOfWork, message_id: UUID) -> One[MessageView]:
    """Take a message that was sent back, for everybody who got it; here it stays, marked.

    WhatsApp is asked to, and that stands in `pending` until it has; it does so within 60 hours of the sending.
    """
    return one(MESSAGES, recall(uow, message_id).id)
