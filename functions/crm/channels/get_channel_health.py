"""How one channel does."""

from uuid import UUID

from shared.crm.channels.health_view import CHANNEL_HEALTH, ChannelHealthView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/channels/{channel_id}/health", allow=Role.VIEWER)
def get_channel_health(channel_id: UUID) -> One[ChannelHealthView]:
    """Show whether a channel is connected and heard of, what WhatsApp keeps it from, and what went wrong of late."""
    return one(CHANNEL_HEALTH, channel_id)
