"""What every test may ask for; tests/support says how each thing is made."""

import logging
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TextIO

import pytest
from hypothesis import settings as hypothesis_settings

from infra.local.keys import make_keys
from shared.runtime.postgres import Sql, connections, sql
from shared.runtime.telemetry import JsonLines, log
from tests.support.api import Api
from tests.support.clock import make_movable
from tests.support.environment import disconnect, environment
from tests.support.pooler import pooled
from tests.support.postgres import Database, Postgres, serving
from tests.support.tenants import NewTenant, Tenant
from tests.support.world import World

_TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'schema_version'"
# Without foreign keys to check, and 50 times quicker than a truncate. A lock somebody still holds is an error.
_FREELY = "select set_config('session_replication_role', 'replica', true), set_config('lock_timeout', '5s', true)"
# Other programs share the processors, so an example may take its time.
hypothesis_settings.register_profile("ventros", deadline=None, database=None)
hypothesis_settings.load_profile("ventros")
_SERVING = pytest.StashKey[Postgres]()


class ToStdout(logging.StreamHandler[TextIO]):
    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """Logging sets it once; what it sets would be out of date by the next test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres", type=int, default=18, choices=(16, 18), help="major version of the embedded Postgres"
    )
    parser.addoption("--pooler", action="store_true", help="let functions reach Postgres through a real PgBouncer")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell each worker of a parallel run where the one Postgres is, which the controller keeps."""
    config = node.config
    if _SERVING not in config.stash:
        server = serving(config.getoption("--postgres"))
        config.stash[_SERVING] = server.__enter__()
        config.add_cleanup(lambda: server.__exit__(None, None, None))
    node.workerinput["postgres"] = config.stash[_SERVING].to_json()


@pytest.fixture(scope="session")
def postgres(pytestconfig) -> Iterator[Postgres]:
    """The running server: `clone(name)` makes a migrated database, `drop(name)` removes it."""
    told = getattr(pytestconfig, "workerinput", {}).get("postgres")
    if told:
        yield Postgres.from_json(told)
        return
    with serving(pytestconfig.getoption("--postgres")) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _keys(tmp_path_factory) -> Iterator[None]:
    with environment(make_keys(tmp_path_factory.mktemp("keys")).environment()):
        yield


@pytest.fixture(scope="session", autouse=True)
def _log_lines() -> Iterator[None]:
    """The house's log handler, to whatever is standard output at the moment: pytest changes it for every test."""
    handler = ToStdout()
    handler.setFormatter(JsonLines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    yield
    log.removeHandler(handler)


@pytest.fixture(scope="session")
def worker_database(postgres, worker_id, pytestconfig) -> Iterator[Database]:
    """This worker's own database, with a clock that can be moved; `database` is the same one, empty."""
    database = postgres.clone(f"ventros_{worker_id}")
    make_movable(database)
    reached = pooled(database) if pytestconfig.getoption("--pooler") else nullcontext(database)
    with reached as way, environment(way.environment()):
        yield database
        for place in (database, way):
            disconnect(place.app_url, place.resolver_url, place.observer_url)
        disconnect(database.relay_url, database.admin_url)
    postgres.drop(database.name)


@pytest.fixture(scope="session")
def emptying(worker_database: Database) -> list[Sql]:
    tables = connections(worker_database.admin_url).run(sql(_TABLES))[0]
    reset = sql("update pretended.clock set shift = '0' where shift <> '0'")
    return [sql(_FREELY), *(sql(f"delete from {name}") for (name,) in tables), reset]


@pytest.fixture
def database(worker_database: Database, emptying: list[Sql]) -> Database:
    """A migrated database without rows, and the settings that lead to it."""
    connections(worker_database.admin_url).run(*emptying)
    return worker_database


@pytest.fixture
def world(database) -> World:
    return World(database)


@pytest.fixture
def api(database) -> Api:
    return Api()


@pytest.fixture
def new_tenant(world: World) -> NewTenant:
    """Makes one more tenant at each call."""
    return world.new_tenant


@pytest.fixture
def tenant(world: World) -> Tenant:
    return world.new_tenant()


@pytest.fixture
def other_tenant(world: World) -> Tenant:
    return world.new_tenant("Outra Empresa")
