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
from shared.runtime.limits import Turnstile
from shared.runtime.settings import settings

GROUP = Limit.CRM_WRITE
AGREED = limits.PER_USER[GROUP]
PATIENCE = 5.0  # seconds that a store on a busy machine may take


@dataclass(frozen=True)
class Call:
    """One try: by whom, between which two moments it was judged, and how."""

    who: int
    before: float
    after: float
    admitted: bool


@dataclass(frozen=True)
class Share:
    """What one process does: when it calls as whom, and what is changed in it."""

    due: list[tuple[float, int]]
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
        store = held.enter_context(closing(Redis(settings().upstash_url, settings().upstash_token, deadline=PATIENCE)))
        held.enter_context(patch.object(limits, "store", lambda: store))
        return [called(moment, who) for moment, who in share.due]


def called(moment: float, who: int) -> Call:
    time.sleep(max(moment - time.time(), 0))
    before, admitted = time.time(), True
    try:
        Turnstile(GROUP).admit(principal(who))
    except TooMany:
        admitted = False
    return Call(who, before, time.time(), admitted)
