"""Sending a message again."""

from uuid import UUID

from shared.crm.messages.use_cases import retry
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/messages/{message_id}/retry", allow=Role.AGENT)
def retry_message(uow: UnitOfWork, message_id: UUID) -> One[MessageView]:
    """Send a message that failed once more; it becomes the last of its chat.

    One that WhatsApp took and could not deliver is not sent again, as it may still arrive.
    """
    return one(MESSAGES, retry(uow, message_id).id)
