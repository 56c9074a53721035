"""One participant of a group less."""

from uuid import UUID

from shared.crm.chat_actions.use_cases import put_out
from shared.crm.chats.store import Chats
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("DELETE", "/api/v1/crm/chats/{chat_id}/participants/{participant_id}", allow=Role.ADMIN, status=202)
def remove_chat_participant(uow: UnitOfWork, chat_id: UUID, participant_id: UUID) -> One[ChatView]:
    """Remove a contact from a group.

    WhatsApp is asked to, and that stands in `pending` until it has; your number must run the group.
    """
    chat = Chats(uow).locked(chat_id)
    put_out(uow, chat, participant_id)
    return one(CHATS, chat.id)
