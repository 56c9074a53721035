"""Whether anything runs early, twice or never, or lets somebody in or out, because clocks do not agree."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from jwt import api_jwt

from infra.fakes.waha_events import Party, make_event
from shared.core.users import passwords
from shared.crm.sessions.tasks import ExpireSession
from shared.runtime import identity, leases, rows, work
from shared.runtime.leases import SHARDS, Leases
from shared.runtime.postgres import Row, Sql, connections
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.attempts import forget_attempts
from tests.support.calls import again, give
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel, waha_channel
from tests.support.world import World

CLOCKS_OFF = (-600, -45, 0, 10, 600)  # seconds by which each instance's clock is wrong
LONG, QUICK = 12, 1  # rounds; after the first the clocks are off by chance
BURST, SESSION = 120, 86_400  # seconds of silence after which one is over
MOMENT = 10  # seconds that one step of the trial may take
EXPIRED = "update {table} set expires_at = now() + make_interval(secs => :seconds) where user_id = :user_id"
BAR = (
    "by the database's clock, whatever an instance's or the provider's says: no burst or session ends early, late or "
    "twice, no shard has two holders, what has expired is refused and nothing else, one key is one effect, events "
    "occurred when they did; a token is good wherever the clock is at most a minute behind the one that signed it"
)

_clock_off: ContextVar[float] = ContextVar("clock_off", default=0)
_true_time, _true_time_ns = time.time, time.time_ns


class WrongDatetime(datetime):
    """Tells the present instance's time; all else is as with any other."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # it need not be one of these
        return datetime.now(tz) + timedelta(seconds=_clock_off.get())


@contextmanager
def wrong_clocks() -> Iterator[None]:
    """Let all that asks this process for the time be told what `instance` says."""
    with ExitStack() as held:
        held.enter_context(patch.object(time, "time", lambda: _true_time() + _clock_off.get()))
        held.enter_context(patch.object(time, "time_ns", lambda: _true_time_ns() + int(_clock_off.get() * 1e9)))
        held.enter_context(patch.object(identity, "datetime", WrongDatetime))
        # It asks whether what it was given is a time, which any is.
        held.enter_context(patch.object(api_jwt, "isinstance", _isinstance, create=True))
        held.enter_context(patch.object(api_jwt, "datetime", WrongDatetime))
        yield


def _isinstance(value: object, kind: Any) -> bool:
    return isinstance(value, datetime if kind is WrongDatetime else kind)


@contextmanager
def instance(clock_off: float) -> Iterator[None]:
    """Work as an instance whose clock is that wrong."""
    token = _clock_off.set(clock_off)
    try:
        yield
    finally:
        _clock_off.reset(token)


@dataclass
class Trial:
    """One tenant whose requests, deliveries and timers go to instances with different clocks."""

    world: World
    tenant: Tenant
    channel: WahaChannel
    clocks: tuple[float, ...]
    odd: Counter[str] = field(default_factory=Counter)
    api: Api = field(default_factory=Api)
    checks: int = 0

    def expect(self, what: str, *, held: bool) -> None:
        self.checks += 1
        self.odd[what] += not held

    def each_clock(self, do: Callable[[], Any]) -> list[Any]:
        """The same by every instance, one after the other."""
        done = []
        for clock in self.clocks:
            with instance(clock):
                done.append(do())
        return done

    def count(self, query: str, **values: Any) -> int:
        return int(self.world.value(query, **values) or 0)


def tokens(trial: Trial) -> None:
    """Whoever signs in at one instance and asks another one."""
    for signer in trial.clocks:
        with instance(signer):
            token = signed_in(trial)
        for reader in trial.clocks:
            with instance(reader):
                status = profile(trial, token)
            # Some of the difference has passed by the time the token is read.
            if not 0 < signer - reader - identity.LEEWAY < MOMENT:
                expected = 200 if signer - reader <= identity.LEEWAY else 401
                trial.expect("tokens judged wrongly", held=status == expected)
    with instance(-identity.TOKEN_LIFETIME.total_seconds() - 1):
        outdated = signed_in(trial)
    trial.expect("tokens good for too long", held=profile(trial, outdated) == 401)


def signed_in(trial: Trial) -> str:
    agent = trial.tenant.agent
    answer = trial.api.post("/api/v1/auth/login", {"email": agent.email, "password": agent.password})
    return str((answer.json or {}).get("access_token"))


def profile(trial: Trial, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return trial.api.get("/api/v1/auth/profile", headers=headers).status_code


def credentials(trial: Trial) -> None:
    """A key and a sign-in that expire soon, and that have expired just now."""
    viewer = trial.tenant.viewer
    for seconds, expected in ((60, 200), (-60, 401)):
        for table in ("api_keys", "login_sessions"):
            trial.world.run(EXPIRED.format(table=table), seconds=seconds, user_id=viewer.user_id)
        for clock in trial.clocks:
            token = viewer.token
            with instance(clock):
                asked = [trial.api.get("/api/v1/auth/profile", as_=viewer.key).status_code]
                # Where the clock is far behind, the token itself is from a time to come.
                asked += [profile(trial, token)] if clock > -identity.LEEWAY else []
            trial.expect("expired by another clock", held=set(asked) == {expected})
        for table in ("api_keys", "login_sessions"):
            trial.world.run(EXPIRED.format(table=table), seconds=86_400, user_id=viewer.user_id)


def keys(trial: Trial) -> None:
    """One request under one key, sent to every instance."""
    name = str(uuid4())
    headers = {"Idempotency-Key": name}

    def post() -> int:
        body, admin = {"name": name}, trial.tenant.admin.key
        return trial.api.post("/api/v1/crm/agents", body, as_=admin, headers=headers).status_code

    trial.expect("keys forgotten", held=set(trial.each_clock(post)) == {201})
    trial.expect("keys forgotten", held=trial.count("select count(*) from agents where name = :name", name=name) == 1)


def events(trial: Trial) -> None:
    """What happens at every instance, one after the other, is told in that order."""
    first, before = len(trial.world.events()), trial.world.now()

    def rename() -> int:
        path, admin = f"/api/v1/projects/{trial.tenant.project_id}", trial.tenant.admin.key
        return trial.api.patch(path, {"name": str(uuid4())}, as_=admin).status_code

    trial.expect("changes refused", held=set(trial.each_clock(rename)) == {200})
    told = [datetime.fromisoformat(each["occurred_at"]) for each in trial.world.events()[first:]]
    moments = [before, *told, trial.world.now()]
    trial.expect("events at a wrong time", held=moments == sorted(moments))


def bursts(trial: Trial) -> None:
    """Customers write to every instance, with the provider's clock off as well; timers run at every instance."""
    written = trial.count("select count(*) from message_groups")
    for clock in trial.clocks:
        customer = Party(phone=f"55119{random.randrange(10**8):08}", name="Ana")
        for off in trial.clocks:
            with instance(clock):
                hear(trial, customer, off)
    total = written + len(trial.clocks)
    trial.expect("bursts not one each", held=trial.count("select count(*) from message_groups") == total)
    ahead = "select count(*) from messages where sent_at > clock_timestamp()"
    trial.expect("messages of times to come", held=trial.count(ahead) == 0)
    everywhere(trial)
    early = "select count(*) from message_groups where status = 'pending'"
    trial.expect("bursts closed early", held=trial.count(early) == len(trial.clocks))
    trial.world.advance(BURST + 1)
    everywhere(trial)
    closed = len(trial.world.events("message_group.completed"))
    trial.expect("bursts closed late", held=trial.count(early) == 0)
    trial.expect("bursts closed not once", held=closed == total)


def hear(trial: Trial, customer: Party, provider_off: float) -> None:
    timestamp = int(trial.world.now().timestamp() + provider_off)
    event = make_event("GOWS", "text", body="Oi", customer=customer, timestamp=timestamp)
    trial.expect("deliveries refused", held=trial.channel.deliver(event).status_code == 200)


def everywhere(trial: Trial) -> None:
    """Every timer, at every instance."""
    for clock in sorted(trial.clocks, reverse=True):
        with instance(clock):
            for row in trial.world.tasks("flush_message_group"):
                trial.expect("timers failed", held=again(row) < 300)


def sessions(trial: Trial) -> None:
    """They end when nothing was said for so long, and not while an instance thinks so."""
    opened = trial.world.rows("select id, last_message_at from sessions where status = 'open'")
    trial.expect("no session to end", held=bool(opened))
    still_open = "select count(*) from sessions where status = 'open'"
    first = min(datetime.fromisoformat(each["last_message_at"]) for each in opened)
    trial.world.advance(SESSION - 60 - (trial.world.now() - first).total_seconds())
    expire(trial, opened)
    trial.expect("sessions ended early", held=trial.count(still_open) == len(opened))
    trial.world.advance(120)
    expire(trial, opened)
    trial.expect("sessions ended late", held=trial.count(still_open) == 0)


def expire(trial: Trial, opened: list[dict[str, Any]]) -> None:
    """Every session's timeout, at every instance."""
    tenant_id, tasks = trial.tenant.tenant_id, [ExpireSession(session_id=UUID(each["id"])) for each in opened]
    answers = trial.each_clock(lambda: [give(tenant_id, task) for task in tasks])
    trial.expect("timers failed", held=max(map(max, answers)) < 300)


def shards(trial: Trial) -> None:
    """Relays come one after the other and share what there is to carry."""
    pool = connections(trial.world.database.relay_url)
    relays = {clock: Leases(pool, f"relay {clock} {uuid4()}") for clock in trial.clocks}
    for _ in range(3):
        for clock, relay in relays.items():
            with instance(clock):
                relay.look()
            held = [shard for each in relays.values() for shard in each.shards()]
            trial.expect("shards with two holders", held=len(held) == len(set(held)))
    trial.expect("shards with no holder", held=len(held) == SHARDS)
    for relay in relays.values():
        relay.release()


STEPS: tuple[Callable[[Trial], None], ...] = (tokens, credentials, keys, events, bursts, sessions, shards)


def measure(rounds: int, *steps: Callable[[Trial], None]) -> dict[str, Any]:
    cheap, chance = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1), random.Random(1)
    with patch.object(passwords, "_hasher", cheap), stage("clock_skew", movable=True) as world, wrong_clocks():
        forget_attempts(world.admin)
        tenant = world.new_tenant()
        channel = waha_channel(world, Api(), tenant, debounce_timeout_ms=1000 * BURST, debounce_max_wait_ms=600_000)
        trial = Trial(world, tenant, channel, CLOCKS_OFF)
        for _ in range(rounds):
            for step in steps or STEPS:
                step(trial)
            trial.clocks = tuple(round(chance.uniform(-600, 600), 1) for _ in CLOCKS_OFF)
    odd = {what: count for what, count in trial.odd.items() if count}
    return {"rounds": rounds, "checks": trial.checks, "odd": odd, "bar": BAR, "passed": not odd and trial.checks > 0}


def run(long: bool) -> dict[str, Any]:
    return measure(LONG if long else QUICK)


def own_clock(text: str, values: dict[str, Any]) -> Sql:
    """A statement that goes by the instance's clock."""
    mine = f"(clock_timestamp() + make_interval(secs => {_clock_off.get()}))"
    return Sql(text.replace("clock_timestamp()", mine), values)


def with_timers_by_the_instances_clock() -> dict[str, Any]:
    database_time = work._time

    def own_time(rows: list[Row]) -> datetime:
        return database_time(rows) + timedelta(seconds=_clock_off.get())

    with patch.object(work, "_time", own_time):
        return measure(1, bursts, sessions)


def with_leases_by_the_instances_clock() -> dict[str, Any]:
    with patch.object(leases, "Sql", own_clock):
        return measure(1, shards)


def with_events_by_the_instances_clock() -> dict[str, Any]:
    with patch.object(rows, "Sql", own_clock):
        return measure(1, events)


def with_tokens_of_exact_clocks() -> dict[str, Any]:
    """Nobody makes allowance for another instance's clock."""
    verify = identity.verify_token

    def strictly(token: str) -> dict[str, Any]:
        claims = verify(token)
        if claims["iat"] > WrongDatetime.now(UTC).timestamp():
            raise identity.refused()
        return claims

    with patch.object(identity, "verify_token", strictly):
        return measure(1, tokens)


FAULTS = {
    "timers_by_the_instances_clock": with_timers_by_the_instances_clock,
    "leases_by_the_instances_clock": with_leases_by_the_instances_clock,
    "events_by_the_instances_clock": with_events_by_the_instances_clock,
    "tokens_of_exact_clocks": with_tokens_of_exact_clocks,
}
