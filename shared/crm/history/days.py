"""How much of each day of a chat we have, counted while its pages come."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from shared.crm.history.model import HistoryRun
from shared.runtime.postgres import Sql

_KEEP = """
insert into history_days as known (
    tenant_id, project_id, channel_id, chat_id, day, run_id, expected, present, recovered, unknown, seen)
select :tenant_id, :project_id, :channel_id, chat_id, day, :run_id, present + recovered + unknown, present, recovered,
    unknown, seen
from jsonb_to_recordset(cast(:rows as jsonb)) as told (
    chat_id uuid, day date, present integer, recovered integer, unknown integer, seen bigint[])
on conflict (tenant_id, chat_id, day) do update set
    recovered_before = known.recovered_before
        + case when known.run_id = excluded.run_id then 0 else known.recovered end,
    run_id = excluded.run_id, expected = excluded.expected, present = excluded.present,
    recovered = excluded.recovered, unknown = excluded.unknown, seen = excluded.seen, checked_at = now()
"""


@dataclass(kw_only=True)
class Day:
    """What the provider told of a chat's day in this run: ids that were here, that were missing, that stay unknown."""

    chat_id: UUID
    day: date
    present: int = 0
    recovered: int = 0
    unknown: int = 0
    seen: set[int] = field(default_factory=set)


class Days:
    """The days of some chats, as far as the run has come with them."""

    def __init__(self, run: HistoryRun, rows: Iterable[dict[str, Any]], zone: tzinfo) -> None:
        self._run, self._zone = run, zone
        self._days: dict[tuple[UUID, date], Day] = {}
        self._changed: dict[tuple[UUID, date], Day] = {}
        for row in rows:
            day = Day(
                chat_id=UUID(row["chat_id"]),
                day=date.fromisoformat(row["day"]),
                present=row["present"],
                recovered=row["recovered"],
                unknown=row["unknown"],
                seen=set(row["seen"]),
            )
            self._days[day.chat_id, day.day] = day

    def told(self, chat_id: UUID, external_id: str, at: datetime, *, missing: bool) -> Day | None:
        """Count a message, unless the run was told of it before; the day of one that was missing until now."""
        day = self._day(chat_id, at)
        mark = _mark(external_id)
        if mark in day.seen:
            return None
        self._changed[day.chat_id, day.day] = day
        day.seen.add(mark)
        recovered = missing and self._run.recovers
        day.recovered += recovered
        day.present += not recovered
        return day if recovered else None

    def not_understood(self, chat_id: UUID, row: str, at: datetime) -> None:
        """Count a row that could not be understood."""
        day = self._day(chat_id, at)
        if _mark(row) not in day.seen:
            day.seen.add(_mark(row))
            day.unknown += 1
            self._changed[day.chat_id, day.day] = day

    def statements(self) -> list[Sql]:
        rows = [{**vars(each), "seen": sorted(each.seen)} for each in self._changed.values()]
        if not rows:
            return []
        run = self._run
        names = {"tenant_id": run.tenant_id, "project_id": run.project_id, "channel_id": run.channel_id}
        return [Sql(_KEEP, {**names, "run_id": run.id, "rows": rows})]

    def _day(self, chat_id: UUID, at: datetime) -> Day:
        day = at.astimezone(self._zone).date()
        return self._days.setdefault((chat_id, day), Day(chat_id=chat_id, day=day))


def _mark(text: str) -> int:
    """A number that stands for an id, and from which nobody can read it."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
