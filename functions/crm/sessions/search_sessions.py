"""Finding sessions."""

from typing import Annotated

from pydantic import Field

from shared.crm.sessions.query import FIELDS, SessionFilter, words
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PagedBody, way_of
from shared.runtime.query import Page
from shared.runtime.search import searched_page


class SessionSearch(PagedBody):
    query: str | None = Field(
        None,
        max_length=200,
        description="Words of the contact's name or the group's subject, or a part of the phone or e-mail.",
        examples=["ana souza"],
    )
    filter: SessionFilter | None = None
    sort: Annotated[str, way_of(SESSIONS)] | None = Field(
        None, max_length=100, description="As in the list of sessions; by default what began last first."
    )


@endpoint("POST", "/api/v1/crm/sessions/search", allow=Role.VIEWER, limit=Limit.CRM_READ)
def search_sessions(body: SessionSearch) -> Page[SessionView]:
    """Find sessions by who they are with, by a tree of conditions, or by both."""
    return searched_page(SESSIONS, FIELDS, words, body)
