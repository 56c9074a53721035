"""Whether more calls than agreed ever come through, or fewer, whoever asks, from wherever, through many processes."""

import multiprocessing
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID

from infra.local.postgres import free_port
from shared.cloud.redis import DEADLINE
from shared.kernel.errors import TooMany
from shared.runtime import http, limits
from shared.runtime.declarations import Limit
from shared.runtime.identity import Actor, ActorType, Principal, Role
from shared.runtime.limits import Bucket, Standing, Turnstile
from shared.runtime.postgres import sql
from shared.runtime.settings import settings
from tests.campaigns.callers import Callers, callers
from tests.support.redis import counting, pointed_at

PROCESSES = 4
LONG, QUICK = 60, 3  # seconds that count as a minute
GROUP = Limit.CRM_WRITE
AGREED = limits.PER_USER[GROUP]
LONGEST = 0.6  # seconds a call may take that finds no store, with all that else it does
BAR = (
    "in no window are more admitted than agreed, nobody is refused who has room, tenants and addresses are apart; "
    "with the store away sign-ins are still counted, nothing else is refused, and nobody waits for it"
)
# What an exact log is there to prevent: twice as many around the turn of a minute.
FIXED_WINDOW = """
local now = redis.call('TIME')
local window = tonumber(ARGV[1])
local free, answer = 1, {}
for i, key in ipairs(KEYS) do
  local count = redis.call('INCR', key .. math.floor(now[1] / window))
  if count > tonumber(ARGV[i + 2]) then free = 0 end
  table.insert(answer, math.min(count, tonumber(ARGV[i + 2])))
  table.insert(answer, '1000000')
end
return {free, answer}
"""


@dataclass(frozen=True)
class Call:
    """One try: between which two moments it was judged, and how."""

    before: float
    after: float
    admitted: bool


@dataclass(frozen=True)
class Share:
    """What one process does: when it calls, as whom, and what is changed in it."""

    moments: list[float]
    who: int
    window: int
    replaced: dict[str, Any]


def principal(who: int) -> Principal:
    actor = Actor(type=ActorType.USER, id=UUID(int=who))
    return Principal(
        tenant_id=UUID(int=who), project_id=UUID(int=1), user_id=UUID(int=who), role=Role.AGENT, actor=actor
    )


def labour(share: Share) -> list[Call]:
    """Make the calls at their moments; runs in a process of its own."""
    with ExitStack() as held:
        for name, value in {"WINDOW": share.window, **share.replaced}.items():
            held.enter_context(patch.object(limits, name, value))
        held.enter_context(pointed_at(settings().upstash_url))
        return [called(moment, share.who) for moment in share.moments]


def called(moment: float, who: int) -> Call:
    time.sleep(max(moment - time.time(), 0))
    before, admitted = time.time(), True
    try:
        Turnstile(GROUP).admit(principal(who))
    except TooMany:
        admitted = False
    return Call(before, time.time(), admitted)


def around_the_turn(begin: float, window: int, _: random.Random) -> list[float]:
    """Bursts right before and right after where a clock's minute ends."""
    turn = (begin // window + 1) * window
    return [turn + offset for offset in (-0.1 * window, 0.1 * window) for _ in range(2 * AGREED)]


def steadily(begin: float, window: int, _: random.Random) -> list[float]:
    """Twice as often as agreed, evenly, for three windows."""
    return [begin + window * each / (2 * AGREED) for each in range(6 * AGREED)]


def by_chance(begin: float, window: int, chance: random.Random) -> list[float]:
    """As often, but as chance has it."""
    return sorted(begin + chance.uniform(0, 3 * window) for _ in range(6 * AGREED))


PATTERNS = (around_the_turn, steadily, by_chance)


def most_in_a_window(calls: list[Call], window: float) -> int:
    """How many were admitted, for sure, within some window; a call at both of its ends is in two."""
    admitted = [call for call in calls if call.admitted]
    starts = [call.before for call in admitted]
    return max((sum(s <= each.before and each.after < s + window for each in admitted) for s in starts), default=0)


def refused_with_room(calls: list[Call], window: float) -> int:
    """How many were refused though, for sure, fewer than agreed were in the window before them."""
    admitted = [call for call in calls if call.admitted]
    refused = [call for call in calls if not call.admitted]
    return sum(
        sum(each.after > call.before - window and each.before < call.after for each in admitted) < AGREED
        for call in refused
    )


def storm(window: int, odd: Counter[str], replaced: dict[str, Any]) -> dict[str, Any]:
    """Every pattern through all processes, with another tenant beside it."""
    most: dict[str, int] = {}
    refused = 0
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(labour, [Share([time.time() + 3], 999, window, replaced)] * PROCESSES))
        for who, pattern in enumerate(PATTERNS):
            calls, beside = crowd(pool, pattern, who, window, replaced)
            most[pattern.__name__] = most_in_a_window(calls, window)
            odd["admitted beyond what was agreed"] += max(most[pattern.__name__] - AGREED, 0)
            odd["refused with room"] += refused_with_room(calls, window)
            odd["others refused"] += sum(not call.admitted for call in beside)
            refused += sum(not call.admitted for call in calls)
    return {"agreed": AGREED, "most_in_a_window": most, "refused": refused}


def crowd(
    pool: ProcessPoolExecutor, pattern: Callable[..., list[float]], who: int, window: int, replaced: dict[str, Any]
) -> tuple[list[Call], list[Call]]:
    moments = pattern(time.time() + 0.5, window, random.Random(who))
    shares = [Share(moments[each :: PROCESSES - 1], 10 + who, window, replaced) for each in range(PROCESSES - 1)]
    other = Share([moments[0] + 0.01 * each for each in range(AGREED)], 20 + who, window, replaced)
    *ours, beside = pool.map(labour, [*shares, other])
    return [call for calls in ours for call in calls], beside


def sign_ins(here: Callers, odd: Counter[str], what: str) -> None:
    """Sign-ins from one address that claims to be many; then from another one."""

    def sign_in(number: int, address: str) -> int:
        body = {"email": f"{what.replace(' ', '-')}{number}@example.com", "password": "wrong password"}
        headers = {"X-Forwarded-For": f"10.0.0.{number},{address}"}
        return here.api.post("/api/v1/auth/login", body, headers=headers).status_code

    tried = [sign_in(number, "203.0.113.7") for number in range(12)]
    odd[f"{what}: sign-ins beyond what was agreed"] += abs(tried.count(401) - limits.PER_USER[Limit.AUTH])
    odd[f"{what}: others refused"] += sign_in(0, "203.0.113.8") != 401


def without_a_store(here: Callers, odd: Counter[str], url: str, what: str) -> float:
    """With nobody at that address, or nobody who answers; gives the longest time a read took."""
    with pointed_at(url, DEADLINE):
        sign_ins(here, odd, what)
        here.admin.run(sql("delete from auth_attempts"))
        return max(timed_read(here, odd) for _ in range(2 * limits.PER_USER[Limit.CRM_READ]))


def timed_read(here: Callers, odd: Counter[str]) -> float:
    began = time.monotonic()
    odd["reads refused with the store away"] += (
        here.api.get("/api/v1/crm/contacts", as_=here.ours.agent.key).status_code != 200
    )
    return time.monotonic() - began


@contextmanager
def silence() -> Iterator[str]:
    """An address where everybody is let in and nobody answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def measure(window: int, **replaced: Any) -> dict[str, Any]:
    odd: Counter[str] = Counter()
    with callers("rate_limits") as here, counting():
        figures = storm(window, odd, replaced)
        sign_ins(here, odd, "spoofed")
        slowest = without_a_store(here, odd, f"http://127.0.0.1:{free_port()}", "store down")
        with silence() as url:
            slowest = max(slowest, without_a_store(here, odd, url, "store silent"))
    odd["waited for the store"] += slowest > LONGEST
    return {
        "window_seconds": window,
        **figures,
        "slowest_without_store": round(slowest, 3),
        "odd": {what: count for what, count in odd.items() if count},
        "bar": BAR,
        # A storm in which nobody was refused was none.
        "passed": not odd.total() and figures["refused"] > 0,
    }


def run(long: bool) -> dict[str, Any]:
    return measure(LONG if long else QUICK)


def with_a_fixed_window() -> dict[str, Any]:
    return measure(QUICK, SCRIPT=FIXED_WINDOW)


def with_the_first_address_believed() -> dict[str, Any]:
    def first(forwarded: str | None) -> str:
        return (forwarded or "").partition(",")[0].strip()

    with patch.object(http, "client_address", first):
        return measure(QUICK)


def with_sign_ins_open_while_the_store_is_away() -> dict[str, Any]:
    def admit(bucket: Bucket) -> tuple[bool, list[Standing]]:
        return True, [Standing(limit=bucket.limit, remaining=1, wait=0)]

    with patch.object(limits, "_in_postgres", admit):
        return measure(QUICK)


FAULTS = {
    "fixed_window": with_a_fixed_window,
    "first_address_believed": with_the_first_address_believed,
    "sign_ins_open_while_the_store_is_away": with_sign_ins_open_while_the_store_is_away,
}
