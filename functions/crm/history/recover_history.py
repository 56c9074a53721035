from shared.crm.channels.model import ChannelStatus
from shared.crm.channels.store import Channels, channels
from shared.crm.history.model import RunCause
from shared.crm.history.tasks import RecoverHistory
from shared.crm.history.use_cases import import_again, recover
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(RecoverHistory)
def recover_history(uow: UnitOfWork, task: RecoverHistory) -> None:
    """Fetch what a channel has missed, or what its server had not been told yet, behind the run that came before."""
    channel = Channels(uow).first(channels.c.id == task.channel_id)
    if channel is None or channel.status is not ChannelStatus.ACTIVE:
        return
    if task.cause is RunCause.CONNECTED:
        import_again(uow, channel, task.behind, task.since)
    else:
        recover(uow, channel, cause=task.cause, since=task.since, at=task.at, turn=task.turn)
