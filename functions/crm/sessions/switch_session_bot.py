"""The bot's part in a session."""

from uuid import UUID

from pydantic import Field

from shared.crm.sessions.use_cases import open_session, take_over
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class BotSwitch(Body):
    paused: bool = Field(examples=[True])


@endpoint("POST", "/api/v1/crm/sessions/{session_id}/bot", allow=Role.AGENT)
def switch_session_bot(uow: UnitOfWork, session_id: UUID, body: BotSwitch) -> One[SessionView]:
    """Pause the bot, so that only people answer, or let it go on."""
    session = open_session(uow, session_id)
    if body.paused:
        take_over(uow, session, "the bot was paused")
    else:
        session.resume_bot(uow.now)
    return one(SESSIONS, session.id)
