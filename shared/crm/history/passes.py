"""The import of a number that was just connected, done again: its server is still being told of the past."""

from datetime import datetime, timedelta

from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.crm.history.model import HistoryRun, RunCause, RunStatus, Totals
from shared.crm.history.store import HistoryRuns
from shared.crm.history.tasks import RecoverHistory
from shared.runtime.work import UnitOfWork

# The phone hands its past to a new server bit by bit: mostly within minutes, a large one over hours.
AGAIN_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


def all_read(uow: UnitOfWork, run: HistoryRun, totals: Totals) -> None:
    """Note that the import has read all there is, or do it again when there may be more by then."""
    may_grow = run.cause is RunCause.CONNECTED and (totals.added > 0 or totals.chats == 0)
    at = _again_at(HistoryRuns(uow).at_connection(run.channel_id)) if may_grow else None
    if at is None:
        Channels(uow).get(run.channel_id, lock=True).history_is_read(run.until)
        return
    place = {"channel_id": run.channel_id, "behind": run.id}
    uow.schedule(RecoverHistory(**place, turn=1, cause=run.cause, since=run.since, at=run.until), at=at)


def is_new(channel: Channel) -> bool:
    """Whether it asks for its past, and has not come to the end of it."""
    return channel.imports_history and channel.history_read_until is None


def will_go_on(uow: UnitOfWork, channel: Channel) -> bool:
    """Whether the channel's import is going to be done again by itself."""
    at = _again_at(HistoryRuns(uow).at_connection(channel.id))
    return at is not None and at > uow.now


def _again_at(passes: list[HistoryRun]) -> datetime | None:
    """When the newest of them is to be done again; None: it was the last, or has not ended well."""
    if not passes or passes[-1].status is not RunStatus.COMPLETED or passes[-1].finished_at is None:
        return None
    done = sum(each.since == passes[-1].since and each.status is RunStatus.COMPLETED for each in passes)
    return passes[-1].finished_at + AGAIN_AFTER[done - 1] if done <= len(AGAIN_AFTER) else None
