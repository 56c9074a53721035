"""The API keys there are."""

from shared.core.api_keys.view import API_KEYS, ApiKeyView
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/auth/api-keys", allow=Role.VIEWER, limit=Limit.AUTH)
def list_api_keys(query: PageQuery, filters: dict[str, str]) -> Page[ApiKeyView]:
    """List your own API keys in this project, or everybody's if you are an admin."""
    return page(API_KEYS, query, filters)
