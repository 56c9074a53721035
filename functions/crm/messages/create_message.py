"""A new message, to be sent."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.crm.chats.use_cases import chosen_chat
from shared.crm.messages.model import LONGEST_TEXT
from shared.crm.messages.view import MESSAGES, MessageView
from shared.crm.messages.writing import write
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class NewMessage(Body):
    chat_id: UUID | None = Field(
        None,
        description="Where to write; else give a contact and a channel.",
        examples=["01957f3e-8a10-7b0f-93f6-b9caffe910cb"],
    )
    contact_id: UUID | None = None
    channel_id: UUID | None = None
    type: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S", examples=["Bom dia! Já vou ver."])
    reply_to: UUID | None = Field(None, description="The message of the same chat that this one answers.")


@endpoint("POST", "/api/v1/crm/messages", allow=Role.AGENT, status=201)
def create_message(uow: UnitOfWork, body: NewMessage) -> One[MessageView]:
    """Send a text to a chat, or to a contact through a channel.

    It is queued here and sent at once; its status tells how far it has come. From now on you hold the session.
    """
    chat = chosen_chat(uow, body.chat_id, body.contact_id, body.channel_id)
    return one(MESSAGES, write(uow, chat, body.text, body.reply_to).id)
