"""Two tenants with a shop each, and what every sweep must leave alone."""

import json

import pytest

from tests.support.shop import open_shop

_TABLES = (
    "select table_name from information_schema.columns"
    " where table_schema = 'public' and column_name = 'tenant_id' and table_name <> 'outbox_tasks'"
)


@pytest.fixture
def shops(world, api, tenant, other_tenant):
    with open_shop(world, api, tenant, bot=False) as ours, open_shop(world, api, other_tenant, bot=False) as theirs:
        yield ours, theirs


@pytest.fixture
def everything(world):
    """All rows of all tenants but their tasks."""

    def everything():
        tables = sorted(row["table_name"] for row in world.rows(_TABLES))
        return {name: sorted(map(json.dumps, world.rows(f"select * from {name}"))) for name in tables}

    return everything


@pytest.fixture
def swept(world):
    """The tasks that were scheduled since the last look, by tenant: their names and what they are about."""
    seen: set[str] = set()

    def swept():
        found = [row for row in world.tasks() if row["id"] not in seen]
        seen.update(row["id"] for row in found)
        return sorted((row["tenant_id"], row["task"], *row["body"]["data"].values()) for row in found)

    return swept
