"""One message."""

from uuid import UUID

from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/messages/{message_id}", allow=Role.VIEWER)
def get_message(message_id: UUID) -> One[MessageView]:
    """Show one message and how far it has come."""
    return one(MESSAGES, message_id)
