"""A database of a campaign's own with two tenants in it, and the functions ready to be called in this process."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.keys import make_keys
from shared.runtime.postgres import Connections, Sql
from tests.support.api import Api
from tests.support.environment import disconnect, environment
from tests.support.postgres import Database, fresh
from tests.support.tenants import Tenant, new_tenant


@dataclass(frozen=True)
class Callers:
    """Two tenants that know nothing of each other, and whoever sees all of both."""

    database: Database
    admin: Connections
    ours: Tenant
    theirs: Tenant
    variables: dict[str, str]
    api: Api = field(default_factory=Api)

    def value(self, query: str, **values: Any) -> str | None:
        """The one value that a query gives, over all tenants, as text."""
        return self.admin.run(Sql(query, values))[0][0][0]


@contextmanager
def callers(name: str, **settings: str) -> Iterator[Callers]:
    """All of that for the length of the block; `settings` are further environment variables."""
    with tempfile.TemporaryDirectory() as folder, fresh(f"campaign_{name}") as database:
        variables = {**make_keys(Path(folder)).environment(), **database.environment(), **settings}
        with environment(variables), closing(Connections(database.admin_url)) as admin:
            yield Callers(database, admin, new_tenant(admin, "Aurora"), new_tenant(admin, "Boreal"), variables)
            disconnect(database.app_url, database.resolver_url)
