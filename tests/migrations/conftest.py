from collections.abc import Iterator

import pytest

from infra.migrate import migrate
from tests.support.postgres import Database, Postgres, serving


@pytest.fixture(scope="session", params=[18, 16], ids=["postgres18", "postgres16"])
def server(request, pytestconfig, postgres) -> Iterator[Postgres]:
    """A server of each major version in turn; the run's own one serves for its own version."""
    if request.param == pytestconfig.getoption("--postgres"):
        yield postgres
        return
    with serving(request.param) as other:
        yield other


@pytest.fixture
def blank(server, worker_id) -> Iterator[Database]:
    """A database without any schema."""
    name = f"blank_{worker_id}"
    yield server.empty(name)
    server.drop(name)


@pytest.fixture(scope="session")
def migrated(server, worker_id) -> Iterator[Database]:
    """A database as a deployment has it; tests change it in transactions that they undo."""
    database = server.empty(f"migrated_{worker_id}")
    migrate(database.owner_url)
    yield database
    server.drop(database.name)
