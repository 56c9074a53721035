"""Not sending a message after all."""

from uuid import UUID

from shared.crm.scheduled_messages.use_cases import cancel
from shared.crm.scheduled_messages.view import SCHEDULED_MESSAGES, ScheduledMessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/messages/scheduled/{scheduled_message_id}/cancel", allow=Role.AGENT)
def cancel_scheduled_message(uow: UnitOfWork, scheduled_message_id: UUID) -> One[ScheduledMessageView]:
    """Do not send a message that was scheduled."""
    return one(SCHEDULED_MESSAGES, cancel(uow, scheduled_message_id).id)
