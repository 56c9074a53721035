"""Ending a sign-in from elsewhere."""

from uuid import UUID

from shared.core.login_sessions.store import LoginSessions
from shared.kernel.errors import NotFound
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("DELETE", "/api/v1/auth/sessions/{login_session_id}", allow=Role.VIEWER, status=204, limit=Limit.AUTH)
def revoke_login_session(uow: UnitOfWork, login_session_id: UUID) -> None:
    """End one of your own sessions; its tokens are dead with the next request."""
    session = LoginSessions(uow).get(login_session_id, lock=True)
    if session.user_id != uow.caller.user_id:
        raise NotFound("there is no such login session")
    session.revoke(uow.now)
