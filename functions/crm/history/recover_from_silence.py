from shared.crm.channels.events import ChannelSilenceDetected
from shared.crm.channels.model import ChannelStatus
from shared.crm.channels.store import Channels, channels
from shared.crm.history.model import OVERLAP, RunCause
from shared.crm.history.use_cases import recover
from shared.runtime.consume import consumer
from shared.runtime.work import UnitOfWork


@consumer(ChannelSilenceDetected)
def recover_from_silence(uow: UnitOfWork, event: ChannelSilenceDetected) -> None:
    """Fetch what a channel that has fallen silent did not tell of."""
    channel = Channels(uow).first(channels.c.id == event.channel_id)
    if channel and channel.status is ChannelStatus.ACTIVE:
        recover(uow, channel, cause=RunCause.SILENCE, since=event.since - OVERLAP, at=uow.now)
