"""Showing that somebody types."""

from uuid import UUID

from pydantic import Field

from shared.crm.chats.store import Chats
from shared.crm.message_actions import use_cases
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.work import UnitOfWork


class Typing(Body):
    seconds: int = Field(5, ge=0, le=25, description="For how long; 0 ends it.")


@endpoint("POST", "/api/v1/crm/chats/{chat_id}/typing", allow=Role.AGENT, status=204)
def type_in_chat(uow: UnitOfWork, chat_id: UUID, body: Typing) -> None:
    """Let the other side of a chat see that somebody is typing."""
    use_cases.show_typing(uow, Chats(uow).locked(chat_id), body.seconds)
