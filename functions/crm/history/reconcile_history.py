from datetime import timedelta

from shared.crm.channels.model import ChannelStatus
from shared.crm.channels.store import Channels, channels
from shared.crm.history.model import OVERLAP, RunCause
from shared.crm.history.tasks import ReconcileHistory
from shared.crm.history.use_cases import recover
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork

DAYS = 3
AWAY = {"failed", "stopped", "scan_qr_code"}


@task(ReconcileHistory)
def reconcile_history(uow: UnitOfWork, task: ReconcileHistory) -> None:
    """Compare a channel's last days with what its provider has, unless that cannot be asked; once a night."""
    channel = Channels(uow).first(channels.c.id == task.channel_id)
    if channel and channel.status is ChannelStatus.ACTIVE and channel.connection not in AWAY:
        since, enough = uow.now - timedelta(days=DAYS), uow.now - OVERLAP
        recover(uow, channel, cause=RunCause.NIGHTLY, since=since, at=enough)
