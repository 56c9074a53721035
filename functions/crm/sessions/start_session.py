"""A new session."""

from uuid import UUID

from pydantic import Field

from shared.crm.chats.use_cases import chosen_chat
from shared.crm.sessions.use_cases import start
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class NewSession(Body):
    chat_id: UUID | None = Field(
        None,
        description="In which chat; else give a contact and a channel.",
        examples=["01957f3e-8a10-7b0f-93f6-b9caffe910cb"],
    )
    contact_id: UUID | None = None
    channel_id: UUID | None = None


@endpoint("POST", "/api/v1/crm/sessions", allow=Role.AGENT, status=201)
def start_session(uow: UnitOfWork, body: NewSession) -> One[SessionView]:
    """Begin a stretch of conversation, before anything is said in it.

    A chat has one open session: where there is one, it is a conflict that names it in `details.session_id`.
    """
    chat = chosen_chat(uow, body.chat_id, body.contact_id, body.channel_id)
    return one(SESSIONS, start(uow, chat).id)
