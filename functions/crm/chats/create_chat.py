"""A new chat."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.crm.chats.use_cases import begin
from shared.crm.chats.view import CHATS, ChatView
from shared.kernel.errors import Invalid
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class NewChat(Body):
    kind: Literal["individual", "group", "channel"] = Field(
        "individual", description="Groups and channels are made on the phone, and come with what is said in them."
    )
    contact_id: UUID = Field(description="With whom; they need a phone.")
    channel_id: UUID


@endpoint("POST", "/api/v1/crm/chats", allow=Role.AGENT, status=201)
def create_chat(uow: UnitOfWork, body: NewChat) -> One[ChatView]:
    """Open a chat with a contact on a channel; nothing is said there yet.

    Where there is one it is a conflict, which names it in `details.chat_id`.
    """
    if body.kind != "individual":
        raise Invalid("only a chat with one contact can be opened from here", code="kind_unavailable")
    return one(CHATS, begin(uow, body.contact_id, body.channel_id).id)
