"""One Postgres for all workers of a run, a migrated template in it, and a copy of that for each worker."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from infra.local.postgres import HOST, SUPERUSER, Cluster, clone, drop, run
from infra.migrate import ROLES, make_database, make_roles, migrate

OWNER = "ventros_owner"
TEMPLATE = "ventros_template"
_lent: list["Postgres"] = []


@dataclass(frozen=True)
class Postgres:
    """A running cluster as another process may know it."""

    port: int
    passwords: dict[str, str]

    def url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self.passwords[role]}@{HOST}:{self.port}/{database}"

    @property
    def admin_url(self) -> str:
        return self.url(SUPERUSER, SUPERUSER)

    def clone(self, name: str) -> "Database":
        """Make a migrated, empty database of that name."""
        clone(self.admin_url, TEMPLATE, name)
        run(self.admin_url, f"alter database {name} owner to {OWNER}")
        return Database(self, name)

    def empty(self, name: str) -> "Database":
        """Make a database of that name without any schema."""
        make_database(self.admin_url, name)
        return Database(self, name)

    def drop(self, name: str) -> None:
        drop(self.admin_url, name)

    def to_json(self) -> str:
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> "Postgres":
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Database:
    """One database and the ways into it; `admin_url` is a superuser's, whom row-level security does not bind."""

    server: Postgres
    name: str

    @property
    def app_url(self) -> str:
        return self.server.url("ventros_app", self.name)

    @property
    def relay_url(self) -> str:
        return self.server.url("ventros_relay", self.name)

    @property
    def resolver_url(self) -> str:
        return self.server.url("ventros_resolver", self.name)

    @property
    def observer_url(self) -> str:
        return self.server.url("ventros_observer", self.name)

    @property
    def owner_url(self) -> str:
        return self.server.url(OWNER, self.name)

    @property
    def admin_url(self) -> str:
        return self.server.url(SUPERUSER, self.name)

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.app_url,
            "RELAY_DATABASE_URL": self.relay_url,
            "RESOLVER_DATABASE_URL": self.resolver_url,
            "OBSERVER_DATABASE_URL": self.observer_url,
            # No bucket, unless a test opens one, and never the real one.
            "STORAGE_BASE_URL": "http://127.0.0.1:9",
        }


@contextmanager
def serving(major: int) -> Iterator[Postgres]:
    """Run a cluster with a migrated template for as long as the block lasts, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="ventros-tests-"))
    cluster = Cluster(folder / "postgres", major=major, durable=False)
    try:
        yield prepared(cluster.start())
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def lending() -> Iterator[None]:
    """Let every `fresh` database of this process be on one server, for as long as the block lasts."""
    with serving(18) as server:
        _lent.append(server)
        try:
            yield
        finally:
            _lent.pop()


@contextmanager
def fresh(name: str) -> Iterator[Database]:
    """A migrated, empty database of somebody's own, on the server that is lent or else on its own; nothing is left."""
    with nullcontext(_lent[-1]) if _lent else serving(18) as server:
        # What a process remembers of a database must not be taken for true of the next one.
        database = server.clone(f"{name}_{uuid4().hex[:12]}")
        try:
            yield database
        finally:
            server.drop(database.name)


def prepared(cluster: Cluster) -> Postgres:
    """Make the roles and a migrated template in a cluster that runs."""
    passwords = {role: cluster.password(role) for role in (OWNER, *ROLES)}
    make_roles(cluster.admin_url, passwords)
    make_database(cluster.admin_url, TEMPLATE)
    migrate(cluster.url(OWNER, TEMPLATE))
    return Postgres(cluster.port, {**passwords, SUPERUSER: cluster.password(SUPERUSER)})
