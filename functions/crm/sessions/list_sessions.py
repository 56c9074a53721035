"""The sessions of the project."""

from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/sessions", allow=Role.VIEWER)
def list_sessions(query: PageQuery, filters: dict[str, str]) -> Page[SessionView]:
    """List the project's sessions, the latest first."""
    return page(SESSIONS, query, filters)
