"""The public face of a run through a channel's history: how far it has come, and what went wrong."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.crm.history.model import RunCause, RunKind, RunStatus
from shared.runtime.query import Source

MOST_ERRORS = 20


@dataclass(frozen=True, kw_only=True)
class HistoryError:
    """What kept some chats from being read, and how many."""

    code: str
    reason: str
    chats: int


@dataclass(frozen=True, kw_only=True)
class HistoryRunView:
    """`read` counts the provider's messages, of which `added` were new here and `known` were not.

    `unread` is what could not be understood and is kept as it came. `chats` is how many there are as far as they are
    listed. `messages_per_minute` and `seconds_left` are estimates, and null before there is anything to go by.
    At `resumes_at` it goes on by itself: one that is paused because its server does not answer (`provider_away`),
    or a comparison that failed.
    """

    id: UUID
    channel_id: UUID
    kind: RunKind
    status: RunStatus
    cause: RunCause
    since: datetime
    until: datetime
    media: bool
    chats: int
    chats_done: int
    chats_failed: int
    read: int
    added: int
    known: int
    unread: int
    messages_per_minute: int | None
    seconds_left: int | None
    errors: list[HistoryError]
    failure_code: str | None
    failure_reason: str | None
    resumes_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    version: int
    updated_at: datetime


_COUNTS = {
    "chats": "count(*)",
    "chats_done": "count(*) filter (where status = 'done')",
    "chats_failed": "count(*) filter (where status = 'failed')",
    "read": "coalesce(sum(read), 0)",
    "added": "coalesce(sum(added), 0)",
    "known": "coalesce(sum(known), 0)",
    "unread": "coalesce(sum(unread), 0)",
}
_COUNTED = ", ".join(f"{count} as {name}" for name, count in _COUNTS.items())
_LASTED = "greatest(extract(epoch from coalesce(r.finished_at, clock_timestamp()) - r.started_at), 0.001)"
# The rows of the chats leave after a month; what they came to stays.
HISTORY_RUNS = Source(
    view=HistoryRunView,
    tables=f"""history_runs r cross join lateral (
        select {_COUNTED} from history_chats c where c.tenant_id = r.tenant_id and c.run_id = r.id) as n""",  # noqa: S608 - our own words
    alias="r",
    columns={
        **{name: f"coalesce(cast(r.totals ->> '{name}' as bigint), n.{name})" for name in _COUNTS},
        "messages_per_minute": f"case when n.read > 0 then round(n.read * 60 / {_LASTED}) end",
        "seconds_left": f"""
            case when r.status = 'running' and n.chats_done > 0
            then round({_LASTED} * (n.chats - n.chats_done - n.chats_failed) / n.chats_done) end""",
        "errors": f"""
            select coalesce(json_agg(e), '[]'::json) from (
                select failure_code as code, failure_reason as reason, count(*) as chats from history_chats c
                where c.tenant_id = r.tenant_id and c.run_id = r.id and c.failure_code is not null
                group by 1, 2 order by 3 desc limit {MOST_ERRORS}) as e""",  # noqa: S608 - our own words
    },
    noun="history run",
)


LAST_IMPORT = replace(
    HISTORY_RUNS,
    where="""r.id = (
        select id from history_runs where channel_id = :channel_id and kind = 'import' order by id desc limit 1)""",
    noun="history import",
)
