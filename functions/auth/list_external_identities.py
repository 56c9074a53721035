"""The tokens of outside issuers that somebody may come in with."""

from shared.core.external_identities.view import EXTERNAL_IDENTITIES, ExternalIdentityView
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/auth/external-identities", allow=Role.VIEWER, limit=Limit.AUTH)
def list_external_identities(query: PageQuery, filters: dict[str, str]) -> Page[ExternalIdentityView]:
    """List the outside identities that stand for you."""
    return page(EXTERNAL_IDENTITIES, query, filters)
