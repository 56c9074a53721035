"""One channel."""

from uuid import UUID

from shared.crm.channels.view import CHANNELS, ChannelView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/channels/{channel_id}", allow=Role.VIEWER)
def get_channel(channel_id: UUID) -> One[ChannelView]:
    """Show one channel, without its secrets."""
    return one(CHANNELS, channel_id)
