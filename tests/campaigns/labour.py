"""What one process of a storm on the rate limits does: it calls at given moments. Kept small, for it starts often."""

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID

from shared.cloud.redis import Redis
from shared.kernel.errors import TooMany
from shared.runtime import limits
from shared.runtime.declarations import Limit
from shared.runtime.identity import Actor, ActorType, Principal, Role
from shared.runtime.limits import Bucket, Standing, Turnstile
from shared.runtime.settings import settings

GROUP = Limit.CRM_WRITE
AGREED = limits.PER_USER[GROUP]
true_time = time.time
PATIENCE = 5.0  # seconds that a store on a busy machine may take


@dataclass(frozen=True)
class Call:
    """One try: by whom, between which two moments it was judged, how, and when a place was said to be free."""

    who: int
    before: float
    after: float
    admitted: bool
    reset: int


@dataclass(frozen=True)
class Share:
    """What one process does: when it calls as whom, and what is changed in it."""

    due: list[tuple[float, int]]
    window: int
    replaced: dict[str, Any]
    clock_off: float = 0.0  # seconds by which the process' clock is wrong


def principal(who: int) -> Principal:
    actor = Actor(type=ActorType.USER, id=UUID(int=who))
    return Principal(
        tenant_id=UUID(int=who), project_id=UUID(int=1), user_id=UUID(int=who), role=Role.AGENT, actor=actor
    )


def labour(share: Share) -> list[Call]:
    """Make the calls at their moments; runs in a process of its own."""
    with ExitStack() as held:
        held.enter_context(patch.object(time, "time", lambda: true_time() + share.clock_off))
        for name, value in {"WINDOW": share.window, **share.replaced}.items():
            held.enter_context(patch.object(limits, name, value))
        store = held.enter_context(closing(Redis(settings().upstash_url, settings().upstash_token, deadline=PATIENCE)))
        held.enter_context(patch.object(limits, "store", lambda: store))
        return [called(moment, who) for moment, who in share.due]


def called(moment: float, who: int) -> Call:
    time.sleep(max(moment - true_time(), 0))
    turnstile, before, admitted = Turnstile(GROUP), true_time(), True
    try:
        turnstile.admit(principal(who))
    except TooMany:
        admitted = False
    return Call(who, before, true_time(), admitted, int(turnstile.headers.get("X-RateLimit-Reset", 0)))


in_store = limits._in_store


def by_own_clock(known: Redis, buckets: tuple[Bucket, ...]) -> tuple[bool, list[Standing]]:
    """A planted fault: the process says what time it is."""
    now = time.time()
    script = limits.SCRIPT.replace("redis.call('TIME')", f"{{{int(now)}, {int(now % 1 * 1e6)}}}")
    with patch.object(limits, "SCRIPT", script):
        return in_store(known, buckets)
