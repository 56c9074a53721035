"""What we stand on, asked within a deadline: whether it answers, and how quickly."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from shared.runtime.limits import store
from shared.runtime.postgres import connections, sql
from shared.runtime.settings import settings
from shared.runtime.telemetry import say

DEADLINE = 2.0  # seconds that any of them is waited for
THREADS = 4  # what hangs holds one until its own time limit, and whoever asks then is told that it does not answer
LATE = 60  # seconds that an event may wait before somebody should look
_QUEUE = """
select coalesce(floor(extract(epoch from clock_timestamp() - min(created_at))), 0),
    (select count(*) from relays where expires_at > clock_timestamp())
from outbox_events where published_at is null
"""


class State(StrEnum):
    OK = "ok"
    FAILED = "failed"
    OFF = "off"  # not configured, so not missed


@dataclass(frozen=True, kw_only=True)
class Component:
    """`latency_ms` is how long the answer took, or how long it was waited for; `detail` says what was found."""

    name: str
    state: State
    required: bool
    latency_ms: float
    detail: str


@dataclass(frozen=True)
class _Check:
    """Asks; returns what it found, or None when there is nothing to ask. Whatever it raises is a failure."""

    ask: Callable[[], str | None]
    required: bool


class _Unwell(Exception):
    """It answers, and says that something is wrong; the words are ours."""


def _database() -> str:
    connections(settings().database_url).run(sql("select 1"))
    return "answers"


def _migrations() -> str:
    rows = connections(settings().database_url).run(sql("select version_num from schema_version"))[0]
    if not rows or not rows[0][0]:
        raise _Unwell("the database has no schema")
    return rows[0][0]


def _redis() -> str | None:
    known = store()
    if known is None:
        return None
    known.run("return 1", [], [])
    return "answers"


def _queue() -> str:
    ((age, relays),) = connections(settings().observer_database_url).run(sql(_QUEUE))[0]
    found = f"the oldest event has waited {age} s, and {relays} relays are at work"
    if int(age or 0) > LATE:
        raise _Unwell(found)
    return found


_CHECKS: Final = {
    "database": _Check(_database, required=True),
    "migrations": _Check(_migrations, required=True),
    "redis": _Check(_redis, required=False),
    "queue": _Check(_queue, required=False),
}
ALL: Final = tuple(_CHECKS)
REQUIRED: Final = tuple(name for name, check in _CHECKS.items() if check.required)


def look(names: Iterable[str] = ALL) -> list[Component]:
    """Ask them all at once; nobody waits longer than the deadline, whatever hangs."""
    began = time.monotonic()
    asked = [(name, _threads().submit(_timed, _CHECKS[name].ask)) for name in names]
    return [_component(name, future, began) for name, future in asked]


def is_ready(components: Iterable[Component]) -> bool:
    return all(each.state is State.OK for each in components if each.required)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="health")


def _timed(ask: Callable[[], str | None]) -> tuple[str | None, float]:
    began = time.monotonic()
    return ask(), time.monotonic() - began


def _component(name: str, future: "Future[tuple[str | None, float]]", began: float) -> Component:
    required = _CHECKS[name].required
    try:
        found, seconds = future.result(max(0.0, began + DEADLINE - time.monotonic()))
    except Exception as error:  # noqa: BLE001 - whatever it raises, it is not well
        future.cancel()
        detail = _said(error)
        say("a dependency is not well", level=30, component=name, reason=type(error).__name__)
        return Component(name=name, state=State.FAILED, required=required, latency_ms=_ms(began), detail=detail)
    state = State.OFF if found is None else State.OK
    detail = found or "is not configured"
    return Component(name=name, state=state, required=required, latency_ms=round(seconds * 1000, 1), detail=detail)


def _said(error: Exception) -> str:
    """What may be told to anybody: our own words, and of others' nothing but the kind."""
    if isinstance(error, _Unwell):
        return str(error)
    return f"does not answer within {DEADLINE:g} s" if isinstance(error, TooLate) else type(error).__name__


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
