"""Having a channel's provider deliver here."""

from uuid import UUID

from shared.crm.channels.store import Channels
from shared.crm.channels.tasks import ConfigureChannel
from shared.crm.channels.view import CHANNELS, ChannelView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/configure-webhook", allow=Role.ADMIN, status=202)
def configure_channel_webhook(uow: UnitOfWork, channel_id: UUID) -> One[ChannelView]:
    """Have the provider deliver all that is understood here, signed; it restarts the session to do so."""
    channel = Channels(uow).living(channel_id)
    channel.must_be_active()
    uow.schedule(ConfigureChannel(channel_id=channel.id))
    return one(CHANNELS, channel.id)
