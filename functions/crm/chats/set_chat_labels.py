"""The labels of a chat."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.crm.chat_actions.use_cases import label
from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork

MOST_LABELS = 20


class ChatLabels(Body):
    labels: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        max_length=MOST_LABELS,
        description="All that it shall have, by the provider's ids; none: none.",
        examples=[["3"]],
    )


@endpoint("PUT", "/api/v1/crm/chats/{chat_id}/labels", allow=Role.AGENT, status=202)
def set_chat_labels(uow: UnitOfWork, chat_id: UUID, body: ChatLabels) -> One[ChatView]:
    """Let a chat have these labels of its channel, and no others.

    WhatsApp is asked to, and that stands in `pending` until it has; only business numbers have labels.
    """
    chat = Chats(uow).locked(chat_id)
    label(uow, chat, body.labels)
    return one(CHATS, chat.id)
