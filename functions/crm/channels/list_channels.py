"""The channels of the project."""

from shared.crm.channels.view import CHANNELS, ChannelView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/channels", allow=Role.VIEWER)
def list_channels(query: PageQuery, filters: dict[str, str]) -> Page[ChannelView]:
    """List the project's channels, without their secrets."""
    return page(CHANNELS, query, filters)
