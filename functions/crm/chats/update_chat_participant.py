"""A participant's place in a group."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.crm.chat_actions.use_cases import rank
from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class ParticipantChanges(Body):
    role: Literal["admin", "participant"] = Field(description="Whether they run the group.", examples=["admin"])


@endpoint("PATCH", "/api/v1/crm/chats/{chat_id}/participants/{participant_id}", allow=Role.AGENT, status=202)
def update_chat_participant(
    uow: UnitOfWork, chat_id: UUID, participant_id: UUID, body: ParticipantChanges
) -> One[ChatView]:
    """Let a participant run the group, or not any more.

    WhatsApp is asked to, and that stands in `pending` until it has; your number must run the group.
    """
    chat = Chats(uow).locked(chat_id)
    rank(uow, chat, participant_id, is_admin=body.role == "admin")
    return one(CHATS, chat.id)
