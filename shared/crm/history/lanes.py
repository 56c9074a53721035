"""Fetching a channel's history: its chats are listed, and several lanes read them, a step at a time.

A step can be killed anywhere and comes again: what it wrote it wrote together with how far it came.
"""

from dataclasses import replace
from datetime import datetime
from functools import partial

from shared.crm.channels.connection import open_archive
from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.crm.history.cursors import Cursor, Cursors, failed
from shared.crm.history.events import ChannelHistoryImportProgressed
from shared.crm.history.model import BACKOFF, HistoryRun, RunKind, Totals, pause_after
from shared.crm.history.passes import all_read
from shared.crm.history.reading import SILENT, FailedPage, Read, read
from shared.crm.history.store import HistoryRuns
from shared.crm.history.tasks import CollectLeftMedia, ListHistory, ReadHistory
from shared.crm.history.use_cases import LANES, plan, start_lanes
from shared.crm.history.writing import EMPTY_PAGES, write
from shared.providers.waha.client import Refused, WahaError
from shared.providers.waha.history import Repeated
from shared.providers.waha.pages import ChatPage
from shared.runtime.consume import Transactions
from shared.runtime.postgres import Sql, sql
from shared.runtime.retry import retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

CHATS = 8  # at most, in one step of a lane
TELL_EVERY = 5  # steps of a lane
_HEARD = """
update history_runs set unanswered = case when :answered then 0 else unanswered end + :unanswered,
    waits = case when :answered then 0 else waits end
where tenant_id = :tenant_id and id = :run_id
"""
NO_MORE = Repeated()


def list_chats(transactions: Transactions, task: ListHistory) -> None:
    """Read on in the list of chats; after its end the lanes begin."""
    with transactions.begin() as uow:
        run = HistoryRuns(uow).at_work(task.run_id, task.round)
        if run is None or run.next_chat is None:
            return
        channel = Channels(uow).get(run.channel_id)
    try:
        with open_archive(channel) as archive:
            page, own = archive.chats(run.next_chat), archive.own()
    except WahaError as error:
        say("chats not listed", outcome=type(error).__name__, run_id=run.id)
        retried(partial(_not_listed, transactions, task, error))
        return
    retried(lambda: _listed(transactions, task, run.next_chat, page, own))


def _listed(
    transactions: Transactions, task: ListHistory, asked: int | None, page: ChatPage, own: frozenset[str]
) -> None:
    with transactions.begin() as uow:
        run = HistoryRuns(uow).at_work(task.run_id, task.round, lock=True)
        if run is None or run.next_chat != asked:
            return
        empty_pages = 0 if page.rows else task.empty_pages + 1
        is_repeated = page.mark is not None and page.mark == task.last_page
        if is_repeated and page.is_full:
            run.fail(NO_MORE.code, NO_MORE.sentence, uow.now)
            plan(uow, run)
            uow.commit()
            return
        is_last = is_repeated or empty_pages >= EMPTY_PAGES
        run.listed(None if is_last else page.covered, own)
        Cursors(uow, run).add(chat for chat in page.chats if chat.last_at is None or chat.last_at >= run.since)
        if is_last:
            start_lanes(uow, run)
        else:
            mark = page.mark or task.last_page
            uow.schedule(replace(task, step=task.step + 1, empty_pages=empty_pages, last_page=mark))
        uow.commit()


def _not_listed(transactions: Transactions, task: ListHistory, error: WahaError) -> None:
    """Ask again a little later, a few times; of a server that does not answer, later."""
    with transactions.begin() as uow:
        run = HistoryRuns(uow).at_work(task.run_id, task.round, lock=True)
        if run is None or not transactions.once(uow):
            return
        run.attempts += 1
        run.unanswered = run.unanswered + 1 if isinstance(error, SILENT) else 0
        pause = pause_after(run.attempts)
        if run.hears_nothing:
            run.wait_for_provider(Cursors(uow, run).totals(), uow.now)
        elif pause is None:
            code = error.code if isinstance(error, Refused) else "unreachable"
            run.fail(code, error.sentence, uow.now)
        else:
            uow.schedule(replace(task, step=task.step + 1), at=uow.now + pause)
        plan(uow, run)
        uow.commit()


def read_on(transactions: Transactions, task: ReadHistory) -> None:
    """Read the next pages of some chats and write them down; the next step follows from it."""
    with transactions.begin() as uow:
        run = HistoryRuns(uow).at_work(task.run_id, task.round)
        if run is None:
            return
        channel, now = Channels(uow).get(run.channel_id), uow.now
        cursors = Cursors(uow, run).take(task.lane, CHATS)
        if not cursors:
            _nothing_now(uow, run, task)
        elif task.step % TELL_EVERY == 0:
            _tell(run, Cursors(uow, run).totals())
        uow.commit()
    if cursors and _step(run, channel, cursors, task, now).is_silent:
        retried(partial(_rest_if_away, transactions, task))


def _step(run: HistoryRun, channel: Channel, cursors: list[Cursor], task: ReadHistory, now: datetime) -> Read:
    found = read(run, channel, cursors, now)
    behind = [*(_failure(run, each) for each in found.failed), *_heard(run, found)]
    write(run, channel, found.pages, behind=behind, following=_following(run, task, found))
    return found


def _following(run: HistoryRun, task: ReadHistory, found: Read) -> list[ReadHistory]:
    """The lane's next step; and the other lanes, once a server that was away answers."""
    following = [ReadHistory(run_id=run.id, round=run.round, lane=task.lane, step=task.step + 1)]
    if run.is_away and found.is_answered:
        others = set(range(LANES)) - {task.lane}
        following += [ReadHistory(run_id=run.id, round=run.round, lane=lane, step=0) for lane in sorted(others)]
    return following


def _heard(run: HistoryRun, found: Read) -> list[Sql]:
    """Count what was asked in vain since the server last answered, where there is anything to count."""
    if not (found.is_silent or run.unanswered or run.is_away):
        return []
    names = {"tenant_id": run.tenant_id, "run_id": run.id}
    return [sql(_HEARD, **names, answered=found.is_answered, unanswered=int(found.is_silent))]


def _rest_if_away(transactions: Transactions, task: ReadHistory) -> None:
    """Let the run wait for a server that does not answer, unless all that is left may be what it cannot tell."""
    with transactions.begin() as uow:
        run = HistoryRuns(uow).at_work(task.run_id, task.round, lock=True)
        if run is None or not run.hears_nothing:
            return
        cursors = Cursors(uow, run)
        if run.is_away or cursors.may_be_told():
            run.wait_for_provider(cursors.totals(), uow.now)
            plan(uow, run)
            uow.commit()


def _failure(run: HistoryRun, page: FailedPage) -> Sql:
    """Note it; while the server is away no chat is given up."""
    pause = None if page.is_final else pause_after(page.cursor.attempts + 1)
    if page.is_silent and run.is_away:
        pause = pause or BACKOFF[-1]
    seconds = pause.total_seconds() if pause else None
    return failed(run.tenant_id, run.id, page.cursor, code=page.code, reason=page.reason, pause_seconds=seconds)


def _nothing_now(uow: UnitOfWork, run: HistoryRun, task: ReadHistory) -> None:
    """Come back when a chat may be asked for again; the last lane ends the run."""
    left = Cursors(uow, run).left(task.lane)
    if left.mine and left.next_at:
        again = ReadHistory(run_id=run.id, round=run.round, lane=task.lane, step=task.step + 1)
        uow.schedule(again, at=left.next_at)
    elif left.open == 0:
        _end(uow, run)


def _end(uow: UnitOfWork, run: HistoryRun) -> None:
    locked = HistoryRuns(uow).at_work(run.id, run.round, lock=True)
    if locked is None:
        return
    totals = Cursors(uow, locked).totals()
    locked.finish(totals, uow.now)
    plan(uow, locked)
    if locked.wants_left_media:
        uow.schedule(CollectLeftMedia(run_id=locked.id))
    if locked.kind is RunKind.IMPORT and locked.whole and not totals.chats_failed:
        all_read(uow, locked, totals)


def _tell(run: HistoryRun, totals: Totals) -> None:
    if run.kind is RunKind.IMPORT:
        run.record(
            ChannelHistoryImportProgressed(
                channel_id=run.channel_id,
                run_id=run.id,
                chats=totals.chats,
                chats_done=totals.chats_done,
                chats_failed=totals.chats_failed,
                read=totals.read,
                added=totals.added,
            )
        )
