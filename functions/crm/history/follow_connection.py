from shared.crm.channels.events import ChannelStateChanged
from shared.crm.channels.model import ChannelStatus
from shared.crm.channels.store import Channels, channels
from shared.crm.history.use_cases import came_back
from shared.runtime.consume import Envelope, consumer
from shared.runtime.work import UnitOfWork

CONNECTED = "working"


@consumer(ChannelStateChanged)
def follow_connection(uow: UnitOfWork, event: ChannelStateChanged, envelope: Envelope) -> None:
    """Fetch what a channel has missed when it is connected, for the first time or again."""
    channel = Channels(uow).first(channels.c.id == event.channel_id)
    if channel and channel.status is ChannelStatus.ACTIVE and event.current == CONNECTED:
        came_back(uow, channel, envelope.occurred_at)
