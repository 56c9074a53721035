"""Where a person is signed in."""

from shared.core.login_sessions.view import LOGIN_SESSIONS, LoginSessionView
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/auth/sessions", allow=Role.VIEWER, limit=Limit.AUTH)
def list_login_sessions(query: PageQuery, filters: dict[str, str]) -> Page[LoginSessionView]:
    """List your own sessions that have not ended."""
    return page(LOGIN_SESSIONS, query, filters)
