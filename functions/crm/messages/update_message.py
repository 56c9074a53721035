"""Changing a message."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.crm.message_actions.use_cases import change
from shared.crm.messages.model import LONGEST_TEXT, MOST_METADATA
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, unsent
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork

LARGEST_NUMBER = 2**53
Note = Annotated[str, Field(max_length=500)] | bool | Annotated[int, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]


class MessageChanges(Body):
    text: str = Field(
        default_factory=unsent,
        min_length=1,
        max_length=LONGEST_TEXT,
        pattern=r"\S",
        description="What it shall say.",
        examples=["Boa tarde! Já vou ver."],
    )
    metadata: dict[Annotated[str, Field(min_length=1, max_length=64)], Note | None] = Field(
        default_factory=unsent,
        max_length=MOST_METADATA,
        description="Your own notes about it, by name; those not named stay, a null takes one away.",
        examples=[{"ticket": "A-17"}],
    )


@endpoint("PATCH", "/api/v1/crm/messages/{message_id}", allow=Role.AGENT)
def update_message(uow: UnitOfWork, message_id: UUID, body: MessageChanges) -> One[MessageView]:
    """Change your notes about a message, or its text.

    The text of one that waits to be sent changes at once. That of one that was sent within the last 15 minutes is
    changed on WhatsApp first; until then it stands in `pending`.
    """
    return one(MESSAGES, change(uow, message_id, body.text, body.metadata).id)
