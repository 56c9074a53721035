"""Sign-out."""

from shared.core.login_sessions.store import LoginSessions
from shared.kernel.errors import Conflict
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/auth/logout", allow=Role.VIEWER, status=204, limit=Limit.AUTH)
def logout(uow: UnitOfWork) -> None:
    """End the session that this token belongs to; its tokens are dead with the next request."""
    if uow.caller.session_id is None:
        raise Conflict("there is no session to end: this is a key or an outside token", code="no_session")
    LoginSessions(uow).get(uow.caller.session_id, lock=True).revoke(uow.now)
