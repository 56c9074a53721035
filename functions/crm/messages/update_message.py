"""Changing a message."""

from uuid import UUID

from pydantic import Field

from shared.crm.message_actions.use_cases import change
from shared.crm.messages.model import LONGEST_TEXT
from shared.crm.messages.view import MESSAGES, MessageView
from shared.crm.notes import Notes
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, unsent
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class MessageChanges(Body):
    text: str = Field(
        default_factory=unsent,
        min_length=1,
        max_length=LONGEST_TEXT,
        pattern=r"\S",
        description="What it shall say.",
        examples=["Boa tarde! Já vou ver."],
    )
    metadata: Notes = Field(default_factory=unsent)


@endpoint("PATCH", "/api/v1/crm/messages/{message_id}", allow=Role.AGENT)
def update_message(uow: UnitOfWork, message_id: UUID, body: MessageChanges) -> One[MessageView]:
    """Change your notes about a message, or its text.

    The text of one that waits to be sent changes at once. That of one that was sent within the last 15 minutes is
    changed on WhatsApp first; until then it stands in `pending`.
    """
    return one(MESSAGES, change(uow, message_id, body.text, body.metadata).id)
