"""Setting a channel's history going: fetched as somebody wants it, or compared because something may be missing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.history.cursors import Cursors
from shared.crm.history.events import ChannelGapDetected
from shared.crm.history.model import OLDEST, OVERLAP, HistoryRun, RunCause, RunKind, RunStatus, window
from shared.crm.history.passes import is_new, will_go_on
from shared.crm.history.store import HistoryRuns, history_runs
from shared.crm.history.tasks import ListHistory, ReadHistory, RecoverHistory, ReviveHistory
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.identities import IdentityKind
from shared.providers.waha.ids import address, identity
from shared.providers.waha.pages import ListedChat
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

LOOK_AGAIN = timedelta(minutes=5)  # whether a comparison that is in the way is over
LANES = 4  # chats are read by so many at once
LOST_AFTER_MINUTES = 10  # without a step; the longest pause between two is a minute
MOST_REVIVALS = 12  # without a page read in between: two hours, which outlasts what passes by itself
STUCK = "it was set going again and again, and nothing more could be read; resume to try once more"
_LAST_HEARD = """
select to_json(greatest(ch.created_at, (
    select max(d.received_at) from inbound_deliveries d
    where d.tenant_id = ch.tenant_id and d.channel_id = ch.id and d.message_id is not null
      and d.received_at < :before))) #>> '{}'
from channels ch where ch.tenant_id = :tenant_id and ch.id = :channel_id
"""
_IS_LOST = """
select 1 from history_runs where tenant_id = :tenant_id and id = :id
  and updated_at < clock_timestamp() - make_interval(mins => :minutes)
"""


def begin_import(
    uow: UnitOfWork,
    channel: Channel,
    *,
    cause: RunCause,
    since: datetime | None = None,
    chats: Sequence[str] | None = None,
    media: bool = False,
) -> HistoryRun:
    """Begin to fetch a channel's past. Conflict: it is under way already, or the channel is not active."""
    channel.must_be_active()
    under_way = HistoryRuns(uow).active(channel.id, RunKind.IMPORT)
    if under_way:
        details = {"run_id": str(under_way.id)}
        raise Conflict("an import of this channel is under way already", code="import_under_way", details=details)
    run = HistoryRun.begin(
        channel,
        kind=RunKind.IMPORT,
        cause=cause,
        now=uow.now,
        since=_checked(since, uow.now) or window(channel, uow.now),
        media=media,
        whole=not chats,
    )
    return set_going(uow, HistoryRuns(uow).add(run), chats)


def set_going(uow: UnitOfWork, run: HistoryRun, chats: Sequence[str] | None = None) -> HistoryRun:
    """Let the run's first step be done, which is to list the chats unless they are named."""
    if chats:
        Cursors(uow, run).add(ListedChat(address=each, subject=None, last_at=None) for each in addresses(chats))
    go_on(uow, run)
    return run


def go_on(uow: UnitOfWork, run: HistoryRun) -> None:
    """Do what is next in the run."""
    if run.next_chat is None:
        start_lanes(uow, run)
    else:
        uow.schedule(ListHistory(run_id=run.id, round=run.round, step=run.attempts))


def start_lanes(uow: UnitOfWork, run: HistoryRun) -> None:
    """Let the lanes begin, all chats being known; of a server that was away, one finds out whether it answers."""
    cursors = Cursors(uow, run)
    run.all_listed(cursors.totals().chats)
    if run.is_away:
        cursors.release()
    for lane in range(1 if run.is_away else LANES):
        uow.schedule(ReadHistory(run_id=run.id, round=run.round, lane=lane, step=0))


def plan(uow: UnitOfWork, run: HistoryRun) -> None:
    """Have the run go on by itself when it is to."""
    if run.resumes_at:
        uow.schedule(ReviveHistory(run_id=run.id), at=run.resumes_at)


def resume(uow: UnitOfWork, channel_id: UUID) -> HistoryRun:
    """Go on with the channel's import; chats that could not be read are tried again.

    Conflict: it is not stopped, or stopped so long ago that nobody knows any more which chats were named; or the
    channel is not active.
    """
    run = HistoryRuns(uow).last_import(channel_id)
    Channels(uow).get(channel_id).must_be_active()
    run.resume(uow.now)
    cursors = Cursors(uow, run)
    if not run.whole and not cursors.totals().chats:
        sentence = "this import stopped so long ago that its chats are forgotten; cancel it and begin anew"
        raise Conflict(sentence, code="import_forgotten")
    cursors.try_again()
    go_on(uow, run)
    return run


def end_all(uow: UnitOfWork, channel_id: UUID) -> None:
    """End whatever is under way through the channel's history, or waits; what it has brought stays."""
    for run in HistoryRuns(uow).unfinished(channel_id):
        run.let_go(uow.caller.user_id, uow.now)


def addresses(chats: Sequence[str]) -> list[str]:
    """Chats as the provider spells them, from phones ("+5511912345678") or addresses. Invalid: one is neither."""
    found = [address(each if "@" in each else f"{each.removeprefix('+')}@c.us") for each in chats]
    if not all(map(_is_a_chat, found)):
        raise Invalid("write a chat as a phone number or as WhatsApp does, as in 5511912345678@c.us", code="bad_chat")
    return [each for each in found if each]


def _is_a_chat(found: str | None) -> bool:
    known = identity(found)
    return found is not None and (known is None or known.kind is not IdentityKind.EXTERNAL)


def _checked(since: datetime | None, now: datetime) -> datetime | None:
    if since is not None and not now - OLDEST <= since < now:
        raise Invalid("`since` lies in the past, and within ten years", code="bad_time")
    return since


def reconcile(uow: UnitOfWork, channel: Channel, *, cause: RunCause, since: datetime) -> HistoryRun | None:
    """Begin to compare the channel with what its provider has; None when that is under way already."""
    if HistoryRuns(uow).active(channel.id, RunKind.RECONCILIATION):
        return None
    run = HistoryRun.begin(channel, kind=RunKind.RECONCILIATION, cause=cause, now=uow.now, since=since, media=True)
    if cause in {RunCause.DOWNTIME, RunCause.SILENCE}:
        run.record(
            ChannelGapDetected(
                channel_id=channel.id, run_id=run.id, since=run.since, until=run.until, reason=str(cause)
            )
        )
    return set_going(uow, HistoryRuns(uow).add(run))


def recover(
    uow: UnitOfWork, channel: Channel, *, cause: RunCause, since: datetime, at: datetime, turn: int = 0
) -> None:
    """Compare the channel from then on until `at` at least: now, or as soon as no other comparison is under way."""
    runs = HistoryRuns(uow)
    if runs.compares(channel.id, since, at):
        return
    under_way = runs.active(channel.id, RunKind.RECONCILIATION)
    if under_way is None:
        reconcile(uow, channel, cause=cause, since=since)
    else:
        names = {"channel_id": channel.id, "behind": under_way.id}
        later = RecoverHistory(**names, turn=turn + 1, cause=cause, since=since, at=at)
        uow.schedule(later, at=uow.now + LOOK_AGAIN)


def came_back(uow: UnitOfWork, channel: Channel, at: datetime) -> None:
    """Fetch what happened while the channel was away; what happened before it was ever here, if it asks for that.

    What waits for its server to answer goes on at once.
    """
    for run in HistoryRuns(uow).resting(channel.id):
        _try_again(uow, run)
    goes_on = HistoryRuns(uow).active(channel.id, RunKind.IMPORT) or will_go_on(uow, channel)
    if is_new(channel) and not goes_on:
        begin_import(uow, channel, cause=RunCause.CONNECTED)
    else:
        recover(uow, channel, cause=RunCause.DOWNTIME, since=last_heard(uow, channel, at), at=at)


def import_again(uow: UnitOfWork, channel: Channel, behind: UUID, since: datetime) -> None:
    """Import once more behind that run, unless that is not wanted any more or was done since."""
    runs = HistoryRuns(uow)
    newest = next(reversed(runs.at_connection(channel.id)), None)
    if newest and newest.id == behind and is_new(channel) and runs.active(channel.id, RunKind.IMPORT) is None:
        begin_import(uow, channel, cause=RunCause.CONNECTED, since=since)


def last_heard(uow: UnitOfWork, channel: Channel, before: datetime) -> datetime:
    """When a message last came by the channel before that time, or when the channel was made; and a little earlier."""
    rows = uow.run(sql(_LAST_HEARD, tenant_id=uow.tenant_id, channel_id=channel.id, before=before))[0]
    return datetime.fromisoformat(rows[0][0] or "") - OVERLAP


def revive(uow: UnitOfWork, run_id: UUID) -> None:
    """Set a run going again that is due, or that nobody works on any more."""
    run = HistoryRuns(uow).first(history_runs.c.id == run_id, lock=True)
    lost = uow.run(sql(_IS_LOST, tenant_id=uow.tenant_id, id=run_id, minutes=LOST_AFTER_MINUTES))[0]
    if run and run.is_due(uow.now):
        _try_again(uow, run)
    elif run and run.status is RunStatus.RUNNING and lost:
        _work_again(uow, run)


def _try_again(uow: UnitOfWork, run: HistoryRun) -> None:
    """Go on with what waited, or has failed; unless another run has done it since, or behind one that is under way.

    Of a channel that is not active any more it is let go.
    """
    runs = HistoryRuns(uow)
    other = runs.active(run.channel_id, run.kind)
    if Channels(uow).get(run.channel_id).status is not ChannelStatus.ACTIVE:
        run.let_go(None, uow.now)
    elif run.status is RunStatus.FAILED and runs.compares(run.channel_id, run.since, run.until):
        run.resumes_at = None
    elif other and other.id != run.id:
        run.resumes_at = uow.now + LOOK_AGAIN
        plan(uow, run)
    else:
        run.go_on(uow.now)
        Cursors(uow, run).try_again()
        go_on(uow, run)


def _work_again(uow: UnitOfWork, run: HistoryRun) -> None:
    """Begin a new round of a run whose steps were lost; one that never gets anywhere is given up."""
    if run.attempts >= MOST_REVIVALS:
        run.fail("stuck", STUCK, uow.now, Cursors(uow, run).totals())
        plan(uow, run)
        return
    run.attempts += 1
    run.set_going()
    go_on(uow, run)
