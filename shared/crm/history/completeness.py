"""How complete a channel's messages are, day by day, against what its provider has."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.crm.history.view import HISTORY_RUNS, HistoryRunView
from shared.runtime.query import Source

_RECOVERED = "least(d.recovered + d.recovered_before, d.expected - d.unknown)"
_DAYS = f"""
    select d.day, sum(d.expected) as expected, sum(d.expected - d.unknown - {_RECOVERED}) as present,
        sum({_RECOVERED}) as recovered, sum(d.unknown) as unknown, count(*) as chats, max(d.checked_at) as checked_at
    from history_days d
    where d.tenant_id = c.tenant_id and d.channel_id = c.id and d.day > current_date - cast(:days as integer)
    group by d.day
"""  # noqa: S608 - our own words


@dataclass(frozen=True, kw_only=True)
class DayView:
    day: date
    expected: int
    present: int
    recovered: int
    unknown: int
    chats: int
    checked_at: datetime


@dataclass(frozen=True, kw_only=True)
class CompletenessView:
    """`expected` are messages that the provider has: `present` were here, `recovered` were missing and are here now.

    `unknown` could not be understood. Days on which nobody looked are not listed. `last_run` is the newest
    comparison, whatever came of it.
    """

    channel_id: UUID
    expected: int
    present: int
    recovered: int
    unknown: int
    checked_at: datetime | None
    last_run: HistoryRunView | None
    days: list[DayView]


_LAST_RUN = f"""
    select {HISTORY_RUNS.item()} from {HISTORY_RUNS.tables}
    where r.tenant_id = c.tenant_id and r.channel_id = c.id and r.kind = 'reconciliation' order by r.id desc limit 1
"""  # noqa: S608 - our own words
_SUMS = ("expected", "present", "recovered", "unknown")
_SUMMED = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in _SUMS)
COMPLETENESS = Source(
    view=CompletenessView,
    tables=f"""channels c cross join lateral (
        select {_SUMMED}, max(checked_at) as checked_at, coalesce(json_agg(n order by n.day), '[]'::json) as days
        from ({_DAYS}) as n) as n""",  # noqa: S608 - our own words
    alias="c",
    columns={
        "channel_id": "c.id",
        "last_run": _LAST_RUN,
        **{name: f"n.{name}" for name in (*_SUMS, "checked_at", "days")},
    },
    where="c.id = :channel_id and c.deleted_at is null",
    noun="channel",
)
