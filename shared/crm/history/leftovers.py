"""Files of messages that were here before an import wanted them, and that nobody has fetched."""

from uuid import UUID

from shared.crm.history.model import HistoryRun
from shared.crm.history.store import HistoryRuns, history_runs
from shared.crm.history.tasks import CollectLeftMedia
from shared.crm.media.collecting import collect
from shared.crm.media.model import Priority
from shared.runtime.postgres import Sql, sql
from shared.runtime.work import UnitOfWork

AT_ONCE = 300
# Nothing is fetched anew of people who were deleted: their files are forgotten, or about to be.
_LEFT = """
with place as (
    select coalesce((select sent_at from messages where tenant_id = :tenant_id and id = cast(:after as uuid)), :since)
        as at, coalesce(cast(:after as uuid), '00000000-0000-0000-0000-000000000000') as id
)
select m.id from messages m
where m.tenant_id = :tenant_id and m.channel_id = :channel_id
  and m.sent_at between (select at from place) and :until
  and (m.sent_at > (select at from place) or m.id > (select id from place))
  and m.media is not null and m.media_file_id is null and m.deleted_at is null and m.provider_id is not null
  and not exists (
    select from contacts c where c.tenant_id = m.tenant_id and c.id = m.contact_id and c.deleted_at is not null)
  and (cast(:whole as boolean) or m.chat_id = any(array(
    select a.chat_id from history_chats h
    join chat_addresses a on a.tenant_id = h.tenant_id and a.channel_id = :channel_id
      and a.address in (h.address, h.phone_address)
    where h.tenant_id = :tenant_id and h.run_id = :run_id)))
order by m.sent_at, m.id limit :most
"""


def collect_left(uow: UnitOfWork, task: CollectLeftMedia) -> None:
    """Have the next files fetched that a run has left, behind everything that is live, and go on behind them."""
    run = HistoryRuns(uow).first(history_runs.c.id == task.run_id)
    if run is None or not run.wants_left_media:
        return
    found = [UUID(row[0]) for row in uow.run(left_behind(run, task.after))[0]]
    collect(uow, found, Priority.IMPORT)
    if len(found) == AT_ONCE:
        uow.schedule(CollectLeftMedia(run_id=run.id, after=found[-1]))


def left_behind(run: HistoryRun, after: UUID | None) -> Sql:
    """The next messages of the run's time and chats whose files were left with the provider, oldest first."""
    place = {"tenant_id": run.tenant_id, "channel_id": run.channel_id, "after": after, "most": AT_ONCE}
    return sql(_LEFT, **place, run_id=run.id, whole=run.whole, since=run.since, until=run.until)
