from shared.crm.channels.model import ChannelStatus
from shared.crm.channels.store import Channels, channels
from shared.crm.history.tasks import RecoverHistory
from shared.crm.history.use_cases import recover
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(RecoverHistory)
def recover_history(uow: UnitOfWork, task: RecoverHistory) -> None:
    """Fetch what a channel has missed, which had to wait for a comparison that was under way."""
    channel = Channels(uow).first(channels.c.id == task.channel_id)
    if channel and channel.status is ChannelStatus.ACTIVE:
        recover(uow, channel, cause=task.cause, since=task.since, at=task.at, turn=task.turn)
