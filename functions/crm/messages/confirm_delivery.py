"""Confirming that a message arrived."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.crm.messages.model import Level
from shared.crm.messages.use_cases import confirm
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, Moment
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Confirmation(Body):
    status: Literal["delivered", "read", "played"] = Field("delivered", description="How far it has come.")
    at: Moment | None = Field(None, description="When; now, if you do not say.")


@endpoint("POST", "/api/v1/crm/messages/{message_id}/confirm-delivery", allow=Role.AGENT)
def confirm_delivery(uow: UnitOfWork, message_id: UUID, body: Confirmation) -> One[MessageView]:
    """Say that a message which was sent has arrived, as its receipt would.

    A message never goes back: who confirms less than is known changes nothing.
    """
    return one(MESSAGES, confirm(uow, message_id, Level(body.status), body.at).id)
