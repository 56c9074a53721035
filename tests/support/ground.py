"""What a deployed function stands on: a database with a tenant in it, to be copied, and all that it talks to."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from werkzeug.test import TestResponse

from infra.fakes.gemini import FakeGemini
from infra.fakes.oidc import FakeIssuer
from infra.fakes.waha import FakeWaha
from infra.fakes.waha_events import Party
from infra.limits import set_rates
from infra.local.bus import Bus
from infra.local.keys import make_keys
from infra.local.postgres import HOST, clone
from infra.local.process import clean_environment
from infra.local.topology import Topology, builder
from infra.manifest import declarations
from shared.crm.message_groups.tasks import FlushMessageGroup
from shared.runtime.limits import PER_USER
from shared.runtime.settings import settings
from tests.support import storage
from tests.support.api import Api
from tests.support.calls import give
from tests.support.conversation import speak
from tests.support.environment import disconnect, environment
from tests.support.estate import Estate, settle
from tests.support.operations import BODIES
from tests.support.postgres import Database, fresh
from tests.support.redis import TOKEN, counting
from tests.support.tenants import new_tenant
from tests.support.world import World

SESSION = "default"
DANI = Party(phone="5511900000009", lid="100000000000009", name="Dani")
_TO_FAKES = """
with moved as (update channels set base_url = :url where tenant_id = :tenant_id)
update agents set responder = 'gemini', config = '{"instructions": "Be kind."}'
where tenant_id = :tenant_id and kind = 'bot'
"""
_QUIET_FOR_LONG = """
update message_groups set opened_at = opened_at - interval '1 hour', deadline_at = deadline_at - interval '1 hour',
    latest_deadline_at = latest_deadline_at - interval '1 hour'
where id = :group_id
"""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """`database` is as it was laid, for nobody works on it; `events` and `tasks` are its outbox."""

    database: Database
    estate: Estate
    events: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    variables: dict[str, str]
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def copy(self) -> Iterator[Database]:
        """A database of one's own, as it was laid, for the length of the block."""
        server, name = self.database.server, f"{self.database.name}_{next(self._numbers)}"
        clone(server.admin_url, self.database.name, name)
        try:
            yield replace(self.database, name=name)
        finally:
            server.drop(name)

    def without(self, *names: str) -> "Ground":
        """The same, where these settings are not made."""
        kept = {name: value for name, value in self.variables.items() if name not in names}
        return replace(self, variables=kept)

    def environment(self, database: Database, **extra: str) -> dict[str, str]:
        """What a process is given that works on this database."""
        return clean_environment(**{**database.environment(), **self.variables, **extra})


@contextmanager
def ground() -> Iterator[Ground]:
    """Lay it, for the length of the block."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="ventros-ground-")))
        database = held.enter_context(fresh("ground"))
        bus = held.enter_context(Bus(folder / "bus", service_account=settings().pusher_account))
        variables = {
            **make_keys(folder).environment(),
            **_outside(held),
            "PUBSUB_EMULATOR_HOST": f"{HOST}:{bus.pubsub_port}",
            "CLOUD_TASKS_EMULATOR_HOST": f"{HOST}:{bus.tasks_port}",
        }
        held.enter_context(environment({**database.environment(), **variables}))
        with builder(settings(), f"{HOST}:{bus.pubsub_port}", f"{HOST}:{bus.tasks_port}") as made:
            # What is carried there stays there.
            made.build(replace(Topology.of(declarations()), subscriptions=(), burials=(), schedules=()))
        yield _furnished(database, variables)


def _outside(held: ExitStack) -> dict[str, str]:
    """The outside services, and the settings that lead to them."""
    waha, gemini = held.enter_context(FakeWaha()), held.enter_context(FakeGemini())
    waha.add_session(SESSION, "GOWS", api_key="waha-key")
    waha.add_session("pairing", "GOWS", api_key="waha-key", status="SCAN_QR_CODE", paired=False)
    files = held.enter_context(storage.bucket())
    counter, issuer = held.enter_context(counting()), held.enter_context(FakeIssuer())
    held.enter_context(patch.dict(BODIES, link_external_identity=lambda _: [{"token": issuer.token("f3a1")}]))
    return {
        **storage.variables(files.url),
        "ALLOWED_HOSTS": waha.address,
        "GEMINI_BASE_URL": gemini.url,
        "TOKEN_ISSUERS": json.dumps([issuer.setting()]),
        "UPSTASH_URL": counter.url,
        "UPSTASH_TOKEN": TOKEN,
    }


def _furnished(database: Database, variables: dict[str, str]) -> Ground:
    world, api = World(database), Api()
    estate = settle(world, api, new_tenant(world.admin))
    try:
        _leave_work(world, api, estate, f"http://{variables['ALLOWED_HOSTS']}")
        # Every function is asked by the same person, who thus calls more often than somebody may.
        set_rates(database.owner_url, estate.tenant.tenant_id, dict.fromkeys(PER_USER, 1_000_000))
        events, tasks = world.events(), world.tasks()
    finally:
        disconnect(database.app_url, database.relay_url, database.resolver_url, database.admin_url)
    return Ground(database=database, estate=estate, events=events, tasks=tasks, variables=variables)


def _leave_work(world: World, api: Api, estate: Estate, waha: str) -> None:
    """What is to be done waits in the outbox: the bot's answer to a burst, by Gemini, a message, a past to read."""
    tenant = estate.tenant
    world.run(_TO_FAKES, tenant_id=tenant.tenant_id, url=waha)
    spoken = speak(world, estate.channel, customer=DANI)
    world.run(_QUIET_FOR_LONG, group_id=spoken.group_id)
    generation = world.value("select generation from message_groups where id = :id", id=spoken.group_id)
    assert give(tenant.tenant_id, FlushMessageGroup(group_id=spoken.group_id, generation=generation)) == 204
    # Elsewhere, for where a person writes the bot is silent.
    body = {"type": "text", "text": "Bom dia!", "chat_id": estate.live["chat"]}
    _asked(api.post("/api/v1/crm/messages", body, as_=tenant.agent))
    channel = f"/api/v1/crm/channels/{estate.live['spare_channel']}"
    _asked(api.post(f"{channel}/import-history", {"chats": [f"+{DANI.phone}"]}, as_=tenant.admin))
    _asked(api.post(f"{channel}/reconcile", {}, as_=tenant.admin))


def _asked(answer: TestResponse) -> None:
    assert answer.status_code < 300, answer.text
