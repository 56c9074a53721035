"""Reacting to a message."""

from uuid import UUID

from pydantic import Field

from shared.crm.message_actions.use_cases import react
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class NewReaction(Body):
    emoji: str | None = Field(
        max_length=32,
        pattern=r"^[^\s\x21-\x7e][^\s\x21-\x22\x24-\x29\x2b-\x2f\x3a-\x7e]*$",
        description="One emoji; null takes yours back.",
        examples=["👍"],
    )


@endpoint("POST", "/api/v1/crm/messages/{message_id}/reactions", allow=Role.AGENT, status=202)
def react_to_message(uow: UnitOfWork, message_id: UUID, body: NewReaction) -> One[MessageView]:
    """Set your company's emoji to a message, in place of the one it had there.

    WhatsApp is asked to, and that stands in `pending` until it has.
    """
    return one(MESSAGES, react(uow, message_id, body.emoji or "").id)
