"""Changing a chat."""

from uuid import UUID

from pydantic import Field

from shared.crm.chat_actions.use_cases import describe, rename
from shared.crm.chats.fields import Description, Subject
from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.crm.notes import Notes
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, unsent
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class ChatChanges(Body):
    subject: Subject = Field(default_factory=unsent, description="What the group shall be called.")
    description: Description = Field(default_factory=unsent, description="Empty for none.")
    metadata: Notes = Field(default_factory=unsent)


@endpoint("PATCH", "/api/v1/crm/chats/{chat_id}", allow=Role.AGENT)
def update_chat(uow: UnitOfWork, chat_id: UUID, body: ChatChanges) -> One[ChatView]:
    """Change your notes about a chat, or what a group is called and said to be.

    Notes change at once. A group is changed on WhatsApp first; until then it stands in `pending`.
    """
    chat = Chats(uow).locked(chat_id)
    if body.subject is not None:
        rename(uow, chat, body.subject)
    if body.description is not None:
        describe(uow, chat, body.description)
    if body.metadata:
        chat.annotate(body.metadata)
    return one(CHATS, chat.id)
