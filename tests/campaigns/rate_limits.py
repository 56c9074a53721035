"""Whether more calls than agreed ever come through, or fewer, whoever asks, from wherever, through many processes."""

import json
import multiprocessing
import random
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from argon2 import PasswordHasher

from infra.local.front import GATEWAY_ADDRESS
from infra.local.postgres import free_port
from shared.cloud.redis import DEADLINE
from shared.core.users import passwords
from shared.providers.waha.signature import sign
from shared.runtime import http, limits
from shared.runtime.declarations import Limit
from shared.runtime.limits import Bucket, Standing
from shared.runtime.postgres import sql
from tests.campaigns.bad_inputs import CHANNEL, HMAC_KEY, SAMPLE
from tests.campaigns.callers import Callers, callers
from tests.campaigns.labour import AGREED, Call, Share, by_own_clock, labour
from tests.support.redis import counting, pointed_at

CLOCKS_OFF = (0, 7, -90, 600)  # seconds, of each process
PROCESSES = len(CLOCKS_OFF)
LONG, QUICK = 60, 2  # seconds that count as a minute
NOBODY, OTHER = 999, 20  # who only starts a process, and who calls beside those who are judged
DELIVERIES = 150  # more than anybody may ask for in a minute
LONGEST = 1.5  # seconds a call may take that finds no store, with all that else it does
BAR = (
    "in no window are more admitted than agreed, nobody is refused who has room, tenants and addresses are apart, "
    "whatever the processes' clocks say, no delivery is refused; "
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
return {free, now[1], answer}
"""


def around_the_turn(begin: float, window: int, _: random.Random) -> list[float]:
    """Bursts some time before and after a clock's minute ends, so that the first is through by then."""
    turn = ((begin + 0.25 * window) // window + 1) * window
    return [turn + offset for offset in (-0.25 * window, 0.25 * window) for _ in range(2 * AGREED)]


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
    """Every pattern at once, each as somebody else, through all processes; in one of them others call as well."""
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(labour, [Share([(time.time() + 2, NOBODY)], window, replaced)] * PROCESSES))
        calls = crowd(pool, window, replaced)
    most = {}
    for who, pattern in enumerate(PATTERNS):
        ours = [call for call in calls if call.who == who]
        most[pattern.__name__] = most_in_a_window(ours, window)
        odd["admitted beyond what was agreed"] += max(most[pattern.__name__] - AGREED, 0)
        odd["refused with room"] += refused_with_room(ours, window)
    odd["others refused"] += sum(call.who == OTHER and not call.admitted for call in calls)
    odd["told a wrong time"] += sum(not call.before - 2 < call.reset < call.after + window + 2 for call in calls)
    # A storm in which nobody was refused was none.
    odd["nobody refused"] += not any(not call.admitted for call in calls)
    return {"agreed": AGREED, "most_in_a_window": most, "refused": sum(not call.admitted for call in calls)}


def crowd(pool: ProcessPoolExecutor, window: int, replaced: dict[str, Any]) -> list[Call]:
    begin = time.time() + 0.5
    moments = [(who, pattern(begin, window, random.Random(who))) for who, pattern in enumerate(PATTERNS)]
    due = sorted((moment, who) for who, each in moments for moment in each)
    shares = [due[each :: PROCESSES - 1] for each in range(PROCESSES - 1)]
    shares.append([(begin + 0.01 * each, OTHER) for each in range(AGREED)])
    work = [Share(each, window, replaced, off) for each, off in zip(shares, CLOCKS_OFF, strict=True)]
    return [call for calls in pool.map(labour, work) for call in calls]


def sign_ins(here: Callers, odd: Counter[str], what: str) -> None:
    """Sign-ins from one address that claims to be many; then from another one."""

    def sign_in(number: int, address: str) -> int:
        body = {"email": f"{what.replace(' ', '-')}{number}@example.com", "password": "wrong password"}
        headers = {"X-Forwarded-For": f"10.0.0.{number},{address},{GATEWAY_ADDRESS}"}
        return here.api.post("/api/v1/auth/login", body, headers=headers).status_code

    tried = [sign_in(number, "203.0.113.7") for number in range(12)]
    odd[f"{what}: sign-ins beyond what was agreed"] += abs(tried.count(401) - limits.PER_USER[Limit.AUTH])
    odd[f"{what}: others refused"] += sign_in(0, "203.0.113.8") != 401


def deliveries(here: Callers, odd: Counter[str]) -> None:
    """More from one provider than anybody else may send, all from one address."""
    channel: Any = here.api.post("/api/v1/crm/channels", CHANNEL, as_=here.ours.admin.key).json
    told, path = json.loads(SAMPLE.read_text()), urlsplit(channel["webhook_url"]).path
    for number in range(DELIVERIES):
        body = json.dumps({**told, "id": f"evt_{number}"}).encode()
        signed = {"X-Webhook-Hmac": sign(body, HMAC_KEY), "X-Webhook-Hmac-Algorithm": "sha512"}
        headers = {**signed, "X-Forwarded-For": "203.0.113.7"}
        answer = here.api.post(path, data=body, headers=headers, content_type="application/json")
        odd["deliveries refused"] += answer.status_code != 200


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


@contextmanager
def stage() -> Iterator[Callers]:
    """Callers, a store to count in, and passwords that cost nothing to check: they are not what is measured."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with patch.object(passwords, "_hasher", cheap), callers("rate_limits") as here, counting():
        yield here


def away(here: Callers, odd: Counter[str]) -> float:
    with silence() as url:
        return max(
            without_a_store(here, odd, f"http://127.0.0.1:{free_port()}", "store down"),
            without_a_store(here, odd, url, "store silent"),
        )


def judged(odd: Counter[str], **figures: Any) -> dict[str, Any]:
    found = {what: count for what, count in odd.items() if count}
    return {**figures, "odd": found, "bar": BAR, "passed": not found}


def run(long: bool) -> dict[str, Any]:
    odd: Counter[str] = Counter()
    window = LONG if long else QUICK
    with stage() as here:
        figures = storm(window, odd, {})
        sign_ins(here, odd, "spoofed")
        deliveries(here, odd)
        slowest = away(here, odd)
    odd["waited for the store"] += slowest > LONGEST
    return judged(odd, window_seconds=window, **figures, slowest_without_store=round(slowest, 3))


def with_a_fixed_window() -> dict[str, Any]:
    odd: Counter[str] = Counter()
    with stage():
        return judged(odd, **storm(QUICK, odd, {"SCRIPT": FIXED_WINDOW}))


def with_each_process_own_clock() -> dict[str, Any]:
    odd: Counter[str] = Counter()
    with stage():
        return judged(odd, **storm(QUICK, odd, {"_in_store": by_own_clock}))


def with_the_first_address_believed() -> dict[str, Any]:
    def first(forwarded: str | None) -> str:
        return (forwarded or "").partition(",")[0].strip()

    odd: Counter[str] = Counter()
    with patch.object(http, "client_address", first), stage() as here:
        sign_ins(here, odd, "spoofed")
    return judged(odd)


def with_sign_ins_open_while_the_store_is_away() -> dict[str, Any]:
    def admit(bucket: Bucket) -> tuple[bool, list[Standing]]:
        return True, [Standing(limit=bucket.limit, remaining=1, wait=0, at=0)]

    odd: Counter[str] = Counter()
    with patch.object(limits, "_in_postgres", admit), stage() as here:
        without_a_store(here, odd, f"http://127.0.0.1:{free_port()}", "store down")
    return judged(odd)


FAULTS = {
    "fixed_window": with_a_fixed_window,
    "own_clock": with_each_process_own_clock,
    "first_address_believed": with_the_first_address_believed,
    "sign_ins_open_while_the_store_is_away": with_sign_ins_open_while_the_store_is_away,
}
