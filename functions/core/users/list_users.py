"""The people of a tenant."""

from shared.core.users.view import USERS, UserView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/users", allow=Role.ADMIN)
def list_users(query: PageQuery, filters: dict[str, str]) -> Page[UserView]:
    """List everybody who has an account in this tenant."""
    return page(USERS, query, filters)
