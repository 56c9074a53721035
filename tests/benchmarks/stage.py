"""Where the measurements are taken: a durable Postgres with people in it, a tenant, a channel, and a WAHA's bodies."""

import compileall
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from infra.environment import ROOT
from infra.fakes.waha_events import Party, make_event
from infra.limits import set_rates
from infra.local.keys import make_keys
from infra.local.postgres import SUPERUSER, Cluster, run
from infra.local.process import clean_environment
from infra.migrate import ROLES, make_database, make_roles, migrate
from shared.providers.waha.signature import sign
from shared.runtime.declarations import Limit
from shared.runtime.postgres import Connections, sql
from tests.benchmarks.client import request
from tests.support.api import Api
from tests.support.environment import environment
from tests.support.postgres import OWNER, Database, Postgres
from tests.support.tenants import Tenant, new_tenant
from tests.support.waha import HMAC_KEY, WahaChannel, waha_channel
from tests.support.world import World

DATABASE = "bench"
CONTACTS = 10_000
CHATS = 500
THREADS = 16
_CONTACTS = """
insert into contacts (id, tenant_id, project_id, version, name, source, created_at)
select md5(:tenant_id || number)::uuid, cast(:tenant_id as uuid), cast(:project_id as uuid), 1, 'Ana ' || number,
    'message', now() - make_interval(mins => number)
from generate_series(1, cast(:count as integer)) number
"""
_IDENTITIES = """
insert into contact_identities (tenant_id, project_id, kind, value, contact_id)
select tenant_id, project_id, 'phone', '+55219' || lpad(substr(name, 5), 8, '0'), id from contacts
where tenant_id = cast(:tenant_id as uuid) and name like 'Ana %'
"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What every measurement needs: `contacts` are ids of the tenant's own, `env` what a deployed process is given."""

    folder: Path
    database: Database
    tenant: Tenant
    channel: WahaChannel
    contacts: tuple[UUID, ...]
    env: dict[str, str]

    @property
    def token_headers(self) -> dict[str, str]:
        return {"X-Forwarded-Authorization": f"Bearer {self.tenant.agent.token}"}

    @property
    def key_headers(self) -> dict[str, str]:
        return self.tenant.agent.key.headers

    def read(self, number: int) -> bytes:
        """The request for one contact, another one for another number."""
        contact = self.contacts[number % len(self.contacts)]
        return request("GET", f"/api/v1/crm/contacts/{contact}", self.token_headers)

    def delivery(self, number: int, chats: int) -> bytes:
        """A new message of WAHA for one of so many chats, signed."""
        party = Party(phone=f"55119{number % chats:08d}", lid=f"2{number % chats:014d}", name="Ana")
        body = json.dumps(make_event("GOWS", "text", event="message", body="Oi, tudo bem?", customer=party)).encode()
        signed = {"X-Webhook-Hmac": sign(body, HMAC_KEY), "X-Webhook-Hmac-Algorithm": "sha512"}
        return request("POST", self.channel.path, signed, body)

    def new_contact(self, number: int) -> bytes:
        body = json.dumps({"phone": f"+55319{number:08d}", "name": "Bia"}).encode()
        return request("POST", "/api/v1/crm/contacts", self.token_headers, body)


@contextmanager
def staged(contacts: int = CONTACTS) -> Iterator[Stage]:
    """Set everything up, compile what will be imported, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="ventros-bench-"))
    cluster = Cluster(folder / "postgres")
    for package in ("shared", "functions", "tests/benchmarks"):
        compileall.compile_dir(ROOT / package, quiet=1)
    try:
        database = _database(cluster.start())
        keys = make_keys(folder).environment()
        with environment({**database.environment(), **keys}):
            yield _furnished(folder, database, keys, contacts)
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _database(cluster: Cluster) -> Database:
    passwords = {role: cluster.password(role) for role in (OWNER, *ROLES)}
    make_roles(cluster.admin_url, passwords)
    make_database(cluster.admin_url, DATABASE)
    migrate(cluster.url(OWNER, DATABASE))
    return Database(Postgres(cluster.port, {**passwords, SUPERUSER: cluster.password(SUPERUSER)}), DATABASE)


def _furnished(folder: Path, database: Database, keys: dict[str, str], contacts: int) -> Stage:
    admin = Connections(database.admin_url)
    tenant, neighbour = new_tenant(admin), new_tenant(admin, "Oficina Norte")
    for each in (tenant, neighbour):
        _fill(admin, each, contacts)
    # Where calls are counted, nobody is to be refused.
    set_rates(database.owner_url, tenant.tenant_id, {Limit.CRM_READ: 1_000_000})
    channel = waha_channel(World(database), Api(), tenant, bot=False)
    rows = admin.run(sql("select id from contacts where tenant_id = :it limit 1000", it=tenant.tenant_id))[0]
    admin.close()
    analyse(database)
    return Stage(
        folder=folder,
        database=database,
        tenant=tenant,
        channel=channel,
        contacts=tuple(UUID(row[0]) for row in rows),
        env={
            **clean_environment(**database.environment(), **keys),
            "THREADS": str(THREADS),
            "PYTHONPATH": str(ROOT),
        },
    )


def analyse(database: Database) -> None:
    """Tell the planner what the tables hold, as autovacuum does by itself after a minute."""
    run(database.admin_url, "vacuum analyze")


def _fill(admin: Connections, tenant: Tenant, contacts: int) -> None:
    names = {"tenant_id": str(tenant.tenant_id), "project_id": str(tenant.project_id)}
    admin.run(sql(_CONTACTS, **names, count=contacts), sql(_IDENTITIES, **names))
