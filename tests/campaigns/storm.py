"""Whether a storm of repeated, shuffled and simultaneous deliveries ends in the state of a calm day."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from unittest.mock import patch

from shared.crm import locks
from shared.crm.chats import members
from shared.crm.chats.members import Participant
from shared.crm.inbound import intake, progress, receive
from shared.crm.inbound.receive import _Reception
from shared.crm.inbound.scene import Scene
from shared.crm.messages.model import Message, MessageStatus
from shared.crm.sessions.model import Placed, Session, place
from shared.kernel.inbound import Membership
from shared.runtime.postgres import sql
from tests.campaigns.stage import stage
from tests.campaigns.state import differences, hash_of, state_of
from tests.campaigns.traffic import ENGINES, TIMEOUT_MINUTES, Posted, make_traffic
from tests.support.api import Api
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel, waha_channel
from tests.support.world import World

AT_ONCE = 16
LONG, QUICK = 10_000, 800
MOST_COPIES = 10
MOST_TRIES = 15  # as many as WAHA
DAYS = 40
OK = 200
BAR = "0 messages lost, doubled or ungrouped, 0 statuses moved back, and the state of a calm, orderly run"
_UNGROUPED = """
select count(*) from messages m
left join message_groups g on g.tenant_id = m.tenant_id and g.id = m.message_group_id and g.chat_id = m.chat_id
join chats c on c.tenant_id = m.tenant_id and c.id = m.chat_id
where m.tenant_id = :tenant_id and m.direction = 'inbound' and c.kind in ('individual', 'group') and g.id is null
"""
_TIMERS = """
select (select count(*) from outbox_tasks where tenant_id = :tenant_id)
    - (select count(*) from message_groups where tenant_id = :tenant_id)
"""
_STEPS = """
select envelope -> 'data' ->> 'message_id' as message, array_agg(type order by seq) as steps from outbox_events
where tenant_id = :tenant_id and type = any(array(select jsonb_array_elements_text(cast(:ranks as jsonb)))) group by 1
"""
_RANKS = ("message.created", "message.sent", "message.failed", "message.delivered", "message.read", "message.played")


@dataclass(frozen=True)
class Shop:
    """A tenant with a channel of each engine."""

    tenant: Tenant
    channels: dict[str, WahaChannel]

    def take(self, posted: Posted) -> int:
        """Deliver until it is answered with 200, as WAHA does; how many tries were for nothing."""
        for attempt in range(MOST_TRIES):
            if self.channels[posted.engine].deliver(posted.event).status_code == OK:
                return attempt
        return MOST_TRIES


def open_shop(world: World) -> Shop:
    tenant = world.new_tenant()
    world.run(
        "update projects set session_timeout_minutes = :minutes where tenant_id = :tenant_id",
        minutes=TIMEOUT_MINUTES,
        tenant_id=tenant.tenant_id,
    )
    channels = {
        engine: waha_channel(world, Api(), tenant, engine=engine, session_name=engine.lower()) for engine in ENGINES
    }
    return Shop(tenant, channels)


def shuffled(traffic: list[Posted], chance: Random) -> list[Posted]:
    """Every event one to ten times, few of them often, in any order."""
    copies = [each for each in traffic for _ in range(min(MOST_COPIES, 1 + int(chance.expovariate(0.6))))]
    chance.shuffle(copies)
    return copies


def measure(world: World, events: int, only: str = "") -> dict[str, Any]:
    """Deliver the same events to one shop in a storm and to another one by one, and compare.

    Of all engines and kinds, or of one engine those whose kind matches `only`.
    """
    since = int(world.now().timestamp()) - DAYS * 86_400
    everything = make_traffic(events, since, engines=ENGINES[:1] if only else ENGINES)
    traffic = [each for each in everything if re.match(only, each.event["event"])]
    storm, calm = open_shop(world), open_shop(world)
    copies = shuffled(traffic, Random(len(traffic)))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        tries = list(threads.map(storm.take, copies))
    for posted in traffic:
        calm.take(posted)
    return figures(world, traffic, tries, storm.tenant, calm.tenant)


def figures(world: World, traffic: list[Posted], tries: list[int], storm: Tenant, calm: Tenant) -> dict[str, Any]:
    stormy, orderly = state_of(world, storm), state_of(world, calm)
    wanted = {key for key in (each.message_key for each in traffic) if key}
    found = Counter((row["engine"], row["external_id"]) for row in stormy["messages"])
    told = {
        "events": len(traffic),
        "deliveries": len(tries),
        "messages": len(wanted),
        "chats": len(stormy["chats"]),
        "tried_in_vain": sum(tries),
        "never_taken": sum(each == MOST_TRIES for each in tries),
        "lost": len(wanted - found.keys()),
        "doubled": found.total() - len(found),
        "ungrouped": world.value(_UNGROUPED, tenant_id=storm.tenant_id),
        "groups_without_a_timer": abs(world.value(_TIMERS, tenant_id=storm.tenant_id)),
        "moved_back": moved_back(world, storm),
        "differences": differences(stormy, orderly),
        "state": hash_of(stormy),
        "calm_state": hash_of(orderly),
    }
    bad = ("never_taken", "lost", "doubled", "ungrouped", "groups_without_a_timer", "moved_back")
    clean = not any(told[name] for name in bad) and told["state"] == told["calm_state"]
    return {**told, "bar": BAR, "passed": clean and found.keys() == wanted}


def moved_back(world: World, tenant: Tenant) -> int:
    """Messages whose events tell of a status lower than one before it."""
    histories = (row["steps"] for row in world.rows(_STEPS, tenant_id=tenant.tenant_id, ranks=list(_RANKS)))
    ranks = ([_RANKS.index(step) for step in steps] for steps in histories)
    return sum(steps != sorted(set(steps)) for steps in ranks)


def run(long: bool) -> dict[str, Any]:
    with stage("storm") as world:
        return measure(world, LONG if long else QUICK)


def _faulty(fault: Callable[[], AbstractContextManager[Any]], events: int, only: str) -> Callable[[], dict[str, Any]]:
    """The fault, in a storm of those events by which it shows."""

    def see() -> dict[str, Any]:
        with stage("storm") as world, fault():
            return measure(world, events, only)

    return see


@contextmanager
def no_locks() -> Iterator[None]:
    """Names are not locked, so two first messages of somebody race; a moment's thought of each sees to it."""
    decide = _Reception._decide

    def slowly(reception: _Reception, scene: Scene) -> None:
        if not scene.seen.get("chats"):
            time.sleep(0.1)
        decide(reception, scene)

    with (
        patch.object(locks, "lock", lambda _names: sql("select 1")),
        patch.object(_Reception, "_decide", slowly),
        patch.object(receive, "AT_ONCE", AT_ONCE),
    ):
        yield


def any_step() -> AbstractContextManager[Any]:
    """A receipt sets the status, whatever it was."""

    def advance(message: Message, reached: Any, at: Any) -> None:
        message._becomes(MessageStatus(reached.value))
        message.record(message._arrival(reached, at))

    return patch.object(Message, "_advance", advance)


def order_of_arrival() -> AbstractContextManager[Any]:
    """A message goes to the open session if there is one, whenever it was written."""

    def to_the_open_one(near: list[Session], **about: Any) -> Placed:
        session = next((each for each in near if each.ended_at is None), None)
        if session is None:
            return place(near, **about)
        session.take(about["at"])
        return Placed(session=session)

    return patch.object(intake, "place", to_the_open_one)


def early_events_dropped() -> AbstractContextManager[Any]:
    """What comes before its message is thrown away."""
    return patch.object(progress, "wait", lambda *_: sql("select 1"))


def last_edit_to_come() -> AbstractContextManager[Any]:
    """A message says what the last edit to arrive says, whenever that was made."""
    edited = Message.edited

    def at_once(message: Message, text: str | None, at: datetime, stamp: str, by: Any = None) -> Any:
        message.edit_stamp = ""
        return edited(message, text, at, stamp, by)

    return patch.object(Message, "edited", at_once)


def last_member_to_come() -> AbstractContextManager[Any]:
    """Somebody is in a group as whatever is told last says, whenever it happened."""

    def does(participant: Participant, doing: Membership, _role: Any, stamp: str) -> None:
        is_in = doing is not Membership.LEFT
        participant.seen_stamp, participant.left_stamp = (stamp, "") if is_in else ("", stamp)

    statement = re.sub(r"greatest\(known\.\w+, (excluded\.\w+)\)", r"\1", members._KEEP)
    both = ExitStack()
    both.enter_context(patch.object(Participant, "does", does))
    both.enter_context(patch.object(members, "_KEEP", statement))
    return both


FAULTS = {
    fault.__name__: _faulty(fault, events, only)
    for fault, events, only in (
        (no_locks, 100, r"message\.any"),
        (any_step, 400, r"message\.(any|ack)"),
        (order_of_arrival, 240, r"message\.any"),
        (early_events_dropped, 200, r"message\.(any|reaction|edited)"),
        (last_edit_to_come, 400, r"message\.(any|edited)"),
        (last_member_to_come, 2400, r"group\."),
    )
}
