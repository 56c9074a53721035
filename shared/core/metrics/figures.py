"""What is counted over all tenants at once; nothing here tells of one tenant or one person."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.core.metrics.exposition import Gauge, Sample
from shared.core.metrics.prices import Prices
from shared.providers.waha.envelope import FORESEEN
from shared.runtime.postgres import Sql, connections, sql
from shared.runtime.settings import settings

Rows = list[Any]

# What was told in events of late is read from the outbox, which has an index by time and keeps them for a day at least.
# The clock is asked once for all rows, in a query of its own: for a time that could differ with each no index is used.
_MESSAGES = """
select jsonb_agg(jsonb_build_array(kinds.direction, coalesce(told.count, 0)) order by kinds.direction)
from unnest(array['inbound', 'outbound']) as kinds (direction)
left join (
    select envelope -> 'data' ->> 'direction' as direction, count(*) from outbox_events
    where type = 'message.created' and created_at > (select clock_timestamp()) - interval '1 minute'
        and envelope -> 'data' ->> 'sender_kind' <> 'import'
    group by 1
) as told using (direction)
"""
_STANDING = """
select jsonb_build_object(
    'sessions', (select count(*) from sessions where status = 'open'),
    'waiting', (select count(*) from message_groups where status = 'pending'),
    'unanswered', (select count(*) from message_groups
        where status in ('processing', 'completed') and outcome is null),
    'overdue', (select coalesce(max(extract(epoch from clock_timestamp() - deadline_at)), 0) from message_groups
        where status = 'pending' and deadline_at < clock_timestamp()))
"""
_OUTBOX = """
select jsonb_agg(jsonb_build_array(kind, waiting, age)) from (
    select 'events', count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)
    from outbox_events where published_at is null
    union all
    select 'tasks', count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)
    from outbox_tasks
    where published_at is null and (run_at is null or run_at < clock_timestamp() + interval '29 days')
) as waits (kind, waiting, age)
"""
_DEAD = """
select coalesce(jsonb_agg(jsonb_build_array(kind, function, count) order by kind, function), '[]') from (
    select kind, function, count(*) from dead_letters where status = 'waiting' group by kind, function
) as dead
"""
_REPLIES = """
select jsonb_build_object('count', count(*), 'quantiles',
    percentile_cont(array[0.5, 0.95]) within group (order by extract(epoch from e.created_at - g.closed_at)))
from outbox_events e
join messages m on m.tenant_id = e.tenant_id and m.id = cast(e.envelope -> 'data' ->> 'message_id' as uuid)
join message_groups g on g.tenant_id = m.tenant_id and g.id = m.answers_group_id
where e.type = 'message.sent' and e.created_at > (select clock_timestamp()) - interval '5 minutes'
"""
_RUNS = """
select coalesce(jsonb_agg(jsonb_build_array(responder, model, outcome, count, input, output)
    order by responder, model, outcome), '[]')
from (
    select r.responder, coalesce(r.model, ''), split_part(e.type, '.', 2), count(*),
        coalesce(sum(cast(e.envelope -> 'data' ->> 'input_tokens' as bigint)), 0),
        coalesce(sum(cast(e.envelope -> 'data' ->> 'output_tokens' as bigint)), 0)
    from outbox_events e
    join ai_runs r on r.tenant_id = e.tenant_id and r.id = cast(e.envelope -> 'data' ->> 'run_id' as uuid)
    where e.type in ('ai_run.completed', 'ai_run.failed')
        and e.created_at > (select clock_timestamp()) - interval '5 minutes'
    group by 1, 2, 3
) as runs (responder, model, outcome, count, input, output)
"""
_CHANNELS = """
select coalesce(jsonb_agg(jsonb_build_array(connection, count) order by connection), '[]') from (
    select connection, count(*) from channels where status = 'active' group by connection
) as known
"""

_TROUBLED = """
select jsonb_build_object('silent', count(silent_since), 'timelocked', count(*) filter (where timelocked))
from channel_health
"""
# Any role may read it; what else Postgres' statistics tell is for roles of its own.
_BUFFERS = """
select jsonb_build_object('hits', blks_hit, 'reads', blks_read) from pg_stat_database where datname = current_database()
"""
# By when they expire, which is thirty days after they came: there is an index by that.
_DELIVERIES = """
select jsonb_build_object(
    'kept', count(*) filter (where status = 'kept'),
    'duplicate', count(*) filter (where status = 'duplicate'),
    'unhandled', count(*) filter (where status = 'unhandled'),
    'failed', count(*) filter (where status = 'failed'),
    'misdirected', count(*) filter (where status = 'misdirected'),
    'unforeseen', count(*) filter (where status = 'unhandled' and event <> all(cast(:foreseen as text[]))))
from inbound_deliveries where expires_at > (select clock_timestamp()) + interval '30 days' - interval '5 minutes'
"""
_FORESEEN = f"{{{','.join(sorted(FORESEEN))}}}"


def gauges() -> list[Gauge]:
    """All figures, as they stand in one moment."""
    results = connections(settings().observer_database_url).run(*queries())
    found = [json.loads(rows[0][0] or "") for rows in results]
    return [gauge for figures, told in zip(_FIGURES, found, strict=True) for gauge in figures.read(told)]


def queries() -> list[Sql]:
    """What is asked for them."""
    return [each.query for each in _FIGURES]


@dataclass(frozen=True)
class _Figures:
    """A query that gives one JSON value, and how gauges are read from it."""

    query: Sql
    read: Callable[[Any], Iterator[Gauge]]


def _messages(told: Rows) -> Iterator[Gauge]:
    yield Gauge(
        "ventros_messages_per_minute",
        "Messages written in the last minute; those of a history import are left out.",
        tuple(Sample(count, {"direction": direction}) for direction, count in told),
    )


def _standing(told: dict[str, Any]) -> Iterator[Gauge]:
    names = {
        "sessions": ("ventros_sessions_active", "Sessions that are open."),
        "waiting": ("ventros_message_groups_waiting", "Bursts of messages that are waited out."),
        "unanswered": ("ventros_message_groups_unanswered", "Bursts that have ended and have no outcome yet."),
        "overdue": (
            "ventros_message_group_overdue_seconds",
            "How long the burst that should have ended first is overdue, in seconds.",
        ),
    }
    yield from (Gauge(name, meaning, (Sample(told[key]),)) for key, (name, meaning) in names.items())


def _outbox(told: Rows) -> Iterator[Gauge]:
    yield Gauge(
        "ventros_outbox_waiting",
        "Rows of the outbox that are not published yet.",
        tuple(Sample(waiting, {"kind": kind}) for kind, waiting, _ in told),
    )
    yield Gauge(
        "ventros_outbox_age_seconds",
        "How long the oldest of them has waited, in seconds.",
        tuple(Sample(age, {"kind": kind}) for kind, _, age in told),
    )


def _dead(told: Rows) -> Iterator[Gauge]:
    samples = (Sample(count, {"kind": kind, "function": function}) for kind, function, count in told)
    yield Gauge(
        "ventros_dead_letters_waiting",
        "Events and tasks that a function could not take.",
        tuple(samples) or (Sample(0, {"kind": "", "function": ""}),),
    )


def _replies(told: dict[str, Any]) -> Iterator[Gauge]:
    yield Gauge(
        "ventros_replies", "Bursts that a bot's answer was sent to in the last 5 minutes.", (Sample(told["count"]),)
    )
    quantiles = zip(("0.5", "0.95"), told["quantiles"] or (), strict=False)
    yield Gauge(
        "ventros_reply_seconds",
        "From the end of a burst to the bot's answer having been sent, in seconds, over the last 5 minutes.",
        tuple(Sample(seconds, {"quantile": quantile}) for quantile, seconds in quantiles),
    )


def _runs(told: Rows) -> Iterator[Gauge]:
    prices = Prices.of(settings().ai_prices)
    named = [({"responder": responder, "model": model}, outcome, *rest) for responder, model, outcome, *rest in told]
    yield Gauge(
        "ventros_ai_runs",
        "Runs of bots that ended in the last 5 minutes.",
        tuple(Sample(count, {**labels, "outcome": outcome}) for labels, outcome, count, *_ in named),
    )
    answered = [(labels, input_, output) for labels, outcome, _, input_, output in named if outcome == "completed"]
    yield Gauge(
        "ventros_ai_tokens",
        "Tokens that they took, in the last 5 minutes.",
        tuple(
            Sample(count, {**labels, "direction": direction})
            for labels, *counts in answered
            for direction, count in zip(("input", "output"), counts, strict=True)
        ),
    )
    yield Gauge(
        "ventros_ai_cost_nanodollars",
        "What they cost in the last 5 minutes, in billionths of a dollar; a model without a price is not among them.",
        tuple(
            Sample(cost, labels)
            for labels, *counts in answered
            if (cost := prices.cost(labels["model"], *counts)) is not None
        ),
    )
    unpriced = sum(sum(counts) for labels, *counts in answered if prices.cost(labels["model"], *counts) is None)
    yield Gauge("ventros_ai_unpriced_tokens", "Tokens of models that have no price here.", (Sample(unpriced),))


def _channels(told: Rows) -> Iterator[Gauge]:
    yield Gauge(
        "ventros_channels",
        "Active channels by the state of their connection.",
        tuple(Sample(count, {"connection": connection}) for connection, count in told),
    )


def _troubled(told: dict[str, Any]) -> Iterator[Gauge]:
    yield Gauge(
        "ventros_channels_silent",
        "Channels that say that they work and are not heard of at an hour at which they usually are.",
        (Sample(told["silent"]),),
    )
    yield Gauge(
        "ventros_channels_timelocked",
        "Channels whose numbers WhatsApp lets open no new chats.",
        (Sample(told["timelocked"]),),
    )


def _buffers(told: dict[str, int]) -> Iterator[Gauge]:
    hits, reads = told["hits"], told["reads"]
    yield Gauge(
        "ventros_database_cache_hit_ratio",
        "Of the pages that Postgres needed, the part that lay in its own memory, since its statistics began.",
        (Sample(hits / (hits + reads)),) if hits + reads else (),
    )
    yield Gauge(
        "ventros_database_pages",
        "Pages that Postgres needed since its statistics began, by where they lay.",
        (Sample(hits, {"place": "memory"}), Sample(reads, {"place": "elsewhere"})),
    )


def _deliveries(told: dict[str, int]) -> Iterator[Gauge]:
    unforeseen = told.pop("unforeseen")
    yield Gauge(
        "ventros_deliveries",
        "New deliveries of the last 5 minutes by what became of them; one that comes once more is none.",
        tuple(Sample(count, {"status": status}) for status, count in told.items()),
    )
    yield Gauge(
        "ventros_deliveries_unforeseen",
        "Those of them whose event nobody foresaw: they are kept raw, and nothing follows from them.",
        (Sample(unforeseen),),
    )


_FIGURES = (
    _Figures(sql(_MESSAGES), _messages),
    _Figures(sql(_STANDING), _standing),
    _Figures(sql(_OUTBOX), _outbox),
    _Figures(sql(_DEAD), _dead),
    _Figures(sql(_REPLIES), _replies),
    _Figures(sql(_RUNS), _runs),
    _Figures(sql(_CHANNELS), _channels),
    _Figures(sql(_TROUBLED), _troubled),
    _Figures(sql(_BUFFERS), _buffers),
    _Figures(sql(_DELIVERIES, foreseen=_FORESEEN), _deliveries),
)
