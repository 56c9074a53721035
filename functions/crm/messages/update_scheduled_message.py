"""Changing a scheduled message."""

from uuid import UUID

from pydantic import Field

from shared.crm.messages.bodies import NewMessage
from shared.crm.scheduled_messages.use_cases import change
from shared.crm.scheduled_messages.view import SCHEDULED_MESSAGES, ScheduledMessageView
from shared.kernel.errors import Invalid
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, Moment, unsent
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork

PLACED = {"chat_id", "contact_id", "channel_id", "reply_to"}


class PlanChanges(Body):
    send_at: Moment = Field(default_factory=unsent, examples=["2030-01-31T12:00:00+00:00"])
    message: NewMessage = Field(
        default_factory=unsent, description="What it is to say, as a whole; where it goes stays as it is."
    )


@endpoint("PATCH", "/api/v1/crm/messages/scheduled/{scheduled_message_id}", allow=Role.AGENT)
def update_scheduled_message(
    uow: UnitOfWork, scheduled_message_id: UUID, body: PlanChanges
) -> One[ScheduledMessageView]:
    """Let a message that was scheduled go at another time, or say something else."""
    draft = body.message.draft() if body.message else None
    if body.message and body.message.model_fields_set & PLACED:
        raise Invalid("where a scheduled message goes and what it answers stay as they are; schedule another one")
    return one(SCHEDULED_MESSAGES, change(uow, scheduled_message_id, body.send_at, draft).id)
