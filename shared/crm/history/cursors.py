"""How far each chat of a run was read: rows that the lanes take, read on and leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.crm.history.model import HistoryRun, Totals
from shared.providers.waha.pages import ListedChat
from shared.runtime.parsing import adapter
from shared.runtime.postgres import Sql, sql
from shared.runtime.work import UnitOfWork

_COLUMNS = "address, phone_address, subject, next_row, empty_pages, attempts, last_page"
_ADD = """
insert into history_chats (tenant_id, project_id, run_id, address, subject)
select :tenant_id, :project_id, :run_id, address, subject
from jsonb_to_recordset(cast(:rows as jsonb)) as told (address text, subject text)
on conflict (tenant_id, run_id, address) do nothing
"""
# What a lane has begun it goes on with; what nobody has begun it takes, and last what was asked for in vain.
_TAKE = f"""
with mine as (
    select address from history_chats
    where tenant_id = :tenant_id and run_id = :run_id and status = 'reading' and lane = :lane
      and coalesce(next_at, '-infinity') <= clock_timestamp()
    order by next_row desc limit :most
), others as (
    select address from history_chats
    where tenant_id = :tenant_id and run_id = :run_id and status = 'waiting'
    order by attempts, address limit :most - (select count(*) from mine) for update skip locked
)
update history_chats set status = 'reading', lane = :lane
where tenant_id = :tenant_id and run_id = :run_id
  and address = any(array(select address from mine union all select address from others))
returning json_build_object({", ".join(f"'{name}', {name}" for name in _COLUMNS.split(", "))})
"""  # noqa: S608 - our own words
_LEFT = """
select json_build_array(
    count(*) filter (where lane = :lane and status = 'reading'),
    min(next_at) filter (where lane = :lane and status = 'reading'),
    count(*) filter (where status in ('waiting', 'reading')))
from history_chats where tenant_id = :tenant_id and run_id = :run_id
"""
_TOTALS = """
select json_build_object(
    'chats', count(*), 'chats_done', count(*) filter (where status = 'done'),
    'chats_failed', count(*) filter (where status = 'failed'),
    'read', coalesce(sum(read), 0), 'added', coalesce(sum(added), 0), 'known', coalesce(sum(known), 0),
    'unread', coalesce(sum(unread), 0))
from history_chats where tenant_id = :tenant_id and run_id = :run_id
"""
_TRY_AGAIN = """
update history_chats set status = 'waiting', lane = null, attempts = 0, next_at = null
where tenant_id = :tenant_id and run_id = :run_id and status = 'failed'
"""
_RELEASE = """
update history_chats set status = 'waiting', lane = null, next_at = null
where tenant_id = :tenant_id and run_id = :run_id and status = 'reading'
"""
_UNTRIED = """
select 1 from history_chats where tenant_id = :tenant_id and run_id = :run_id
having count(*) filter (where status = 'done') = 0
    or count(*) filter (where status in ('waiting', 'reading') and attempts = 0) > 0
"""
_KEEP = """
update history_chats set expires_at = default where tenant_id = :tenant_id and run_id = :run_id
"""


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a chat is to be read on, behind `last_page`, by its mark.

    `empty_pages` came one behind the other; `attempts` failed since the last page.
    """

    address: str
    phone_address: str | None
    subject: str | None
    next_row: int
    empty_pages: int
    attempts: int
    last_page: str | None


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is to be done yet: by this lane, when at the earliest, and by all."""

    mine: int
    next_at: datetime | None
    open: int


class Cursors:
    """The chats of one run."""

    def __init__(self, uow: UnitOfWork, run: HistoryRun) -> None:
        self.uow = uow
        self.names = {"tenant_id": run.tenant_id, "run_id": run.id}
        self.project_id = run.project_id

    def add(self, chats: Iterable[ListedChat]) -> None:
        """Note chats that are to be read; those that are known already stay as they are."""
        rows = [{"address": each.address, "subject": each.subject} for each in chats]
        self.uow.run(Sql(_ADD, {**self.names, "project_id": self.project_id, "rows": rows}))

    def take(self, lane: int, most: int) -> list[Cursor]:
        """What the lane is to read on now."""
        rows = self.uow.run(Sql(_TAKE, {**self.names, "lane": lane, "most": most}))[0]
        return [adapter(Cursor).validate_json(row[0] or "") for row in rows]

    def left(self, lane: int) -> Left:
        row = self.uow.run(Sql(_LEFT, {**self.names, "lane": lane}))[0][0]
        mine, next_at, others = adapter(tuple[int, datetime | None, int]).validate_json(row[0] or "")
        return Left(mine=mine, next_at=next_at, open=others)

    def totals(self) -> Totals:
        found: Totals = adapter(Totals).validate_json(self.uow.run(Sql(_TOTALS, self.names))[0][0][0] or "")
        return found

    def may_be_told(self) -> bool:
        """Whether no chat was told yet, or one that is open was not asked for in vain: what is left is not at fault."""
        return bool(self.uow.run(Sql(_UNTRIED, self.names))[0])

    def release(self) -> None:
        """Let any lane go on with what others have begun."""
        self.uow.run(Sql(_RELEASE, self.names))

    def try_again(self) -> None:
        """Let those that failed be read on where they failed; none is to be forgotten before that is done."""
        self.uow.run(Sql(_TRY_AGAIN, self.names), Sql(_KEEP, self.names))


_ADVANCE = """
update history_chats set
    next_row = :next_row, empty_pages = :empty_pages, last_page = :last_page, phone_address = :phone_address,
    attempts = 0, next_at = null, failure_code = null, failure_reason = null, read = read + :read,
    added = added + :added, known = known + :known, unread = unread + :unread, status = :status,
    lane = case :status when 'done' then null else lane end
where tenant_id = :tenant_id and run_id = :run_id and address = :address
"""
_FAIL = """
update history_chats set
    attempts = attempts + 1, failure_code = :code, failure_reason = :reason,
    next_at = clock_timestamp() + make_interval(secs => cast(:pause_seconds as double precision)),
    status = case when cast(:pause_seconds as double precision) is null then 'failed' else status end
where tenant_id = :tenant_id and run_id = :run_id and address = :address and next_row = :next_row
  and attempts = :attempts
"""


def advanced(tenant_id: UUID, run_id: UUID, cursor: Cursor, *, done: bool, **values: Any) -> Sql:
    """The statement that moves a cursor on."""
    status = "done" if done else "reading"
    names = {"tenant_id": tenant_id, "run_id": run_id, "address": cursor.address}
    return Sql(_ADVANCE, {**names, "status": status, **values})


def failed(
    tenant_id: UUID, run_id: UUID, cursor: Cursor, *, code: str, reason: str, pause_seconds: float | None
) -> Sql:
    """The statement that notes a failure, unless somebody else was there in the meantime.

    The chat is asked for again after the pause; without one it is given up.
    """
    names = {"tenant_id": tenant_id, "run_id": run_id, "address": cursor.address}
    place = {"next_row": cursor.next_row, "attempts": cursor.attempts}
    return sql(_FAIL, **names, **place, code=code, reason=reason, pause_seconds=pause_seconds)
