"""What functions could not take."""

from shared.core.dead_letters.view import DEAD_LETTERS, DeadLetterView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/admin/dead-letters", allow=Role.ADMIN)
def list_dead_letters(query: PageQuery, filters: dict[str, str]) -> Page[DeadLetterView]:
    """List the events and tasks that a function could not take, the latest first."""
    return page(DEAD_LETTERS, query, filters)
