"""How a project's sessions go, counted when it is asked for."""

from dataclasses import dataclass

from shared.runtime.query import CALLERS_PROJECT, Source


@dataclass(frozen=True, kw_only=True)
class SessionStatsView:
    """All sessions that are open, and those closed in the last `days` days; null where there is nothing to average.

    Those are `waiting` in which the contact had the last word. A response is the first thing said to a contact
    after their first message.
    """

    days: int
    open: int
    waiting: int
    held_by_bot: int
    held_by_human: int
    closed: int
    resolved: int
    average_response_seconds: int | None
    average_duration_seconds: int | None


_SAID = """
    select m.direction, m.sent_at from messages m
    where m.tenant_id = s.tenant_id and m.session_id = s.id and m.status not in ('failed', 'cancelled')"""
SESSION_STATS = Source(
    view=SessionStatsView,
    tables=f"""sessions s
    left join lateral ({_SAID} and m.direction = 'inbound' order by m.sent_at limit 1) as asked on true
    left join lateral (
        {_SAID} and m.direction = 'outbound' and m.sent_at >= asked.sent_at order by m.sent_at limit 1
    ) as answered on true
    left join lateral (
        {_SAID} and s.status = 'open' order by m.sent_at desc, m.id desc limit 1
    ) as latest on true""",
    alias="s",
    columns={
        "days": "cast(:days as integer)",
        "open": "count(*) filter (where s.status = 'open')",
        "waiting": "count(*) filter (where latest.direction = 'inbound')",
        "held_by_bot": "count(*) filter (where s.status = 'open' and s.held_by = 'bot')",
        "held_by_human": "count(*) filter (where s.status = 'open' and s.held_by = 'human')",
        "closed": "count(*) filter (where s.status = 'closed')",
        "resolved": "count(*) filter (where s.outcome in ('resolved', 'converted'))",
        "average_response_seconds": "round(avg(extract(epoch from answered.sent_at - asked.sent_at)))::bigint",
        "average_duration_seconds": """
            round(avg(extract(epoch from s.last_message_at - s.started_at)) filter (where s.status = 'closed'))::bigint
        """,
    },
    where=f"s.project_id = {CALLERS_PROJECT} and (s.status = 'open' or s.status = 'closed'"
    " and s.ended_at > now() - make_interval(days => cast(:days as integer)))",
    noun="session",
)
