from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page
from tests.infra.samples.parcels import PARCELS, ParcelView


@endpoint("GET", "/api/v1/sample/parcels", allow=Role.VIEWER)
def list_parcels(query: PageQuery, filters: dict[str, str]) -> Page[ParcelView]:
    """List the parcels."""
    return page(PARCELS, query, filters)
