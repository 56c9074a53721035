"""Whether the lists are read in the order of an index, however many rows there are."""

import base64
import json
from uuid import UUID

import pytest

from shared.crm.contacts.view import CONTACTS
from shared.crm.sessions.stats import SESSION_STATS
from shared.crm.sessions.view import SESSIONS
from shared.runtime.paging import PageQuery
from shared.runtime.postgres import Sql, connections, sql
from shared.runtime.query import only, page

FILLED = ("contacts", "contact_identities", "sessions")
FREELY = "select set_config('session_replication_role', 'replica', true)"
PEOPLE = """
insert into contacts (id, tenant_id, project_id, version, name, source, score, created_at, updated_at)
select gen_random_uuid(), :tenant_id, :project_id, 1, 'Ána ' || md5(n::text), 'api', n % 101,
    now() - n * interval '1 minute', now() - n * interval '1 minute'
from generate_series(1, 4000) n
"""
KNOWN = """
insert into contact_identities (tenant_id, project_id, kind, value, contact_id)
select tenant_id, project_id, 'phone', '+55' || row_number() over (), id from contacts where tenant_id = :tenant_id
"""
TALKS = """
insert into sessions (id, tenant_id, project_id, version, channel_id, chat_id, contact_id, status, timeout_minutes,
    started_at, last_message_at, ended_at, close_reason, created_at)
select id, tenant_id, project_id, 1, id, id, id, 'closed', 60,
    created_at, created_at, created_at + interval '1 hour', 'timeout', created_at
from contacts where tenant_id = :tenant_id
"""
SCOPE = "select set_config('app.tenant_id', :tenant_id, true), set_config('app.project_id', :project_id, true)"


@pytest.fixture
def plan(world, tenant, other_tenant):
    """Gives the plan of a read of the tenant, who has as many rows as another."""
    for each in (tenant, other_tenant):
        names = {"tenant_id": each.tenant_id, "project_id": each.project_id}
        rows = (Sql(PEOPLE, names), sql(KNOWN, tenant_id=each.tenant_id), sql(TALKS, tenant_id=each.tenant_id))
        world.admin.run(sql(FREELY), *rows)
    world.admin.run(*(sql(f"analyze {table}") for table in FILLED))
    scope = sql(SCOPE, tenant_id=str(tenant.tenant_id), project_id=str(tenant.project_id))

    def plan(wanted):
        rows = connections(world.database.app_url).run(scope, Sql(f"explain {wanted.sql.text}", wanted.sql.values))[1]
        return "\n".join(row[0] or "" for row in rows)

    return plan


def listed(source, filters=None, **query):
    return page(source, PageQuery.model_validate(query), filters or {})


CASES = {
    f"{source.noun}s {sort}:{way}": (source, sort, way)
    for source in (CONTACTS, SESSIONS)
    for sort in source.sorts
    for way in ("asc", "desc")
}


def test_every_order_is_that_of_an_index(plan):
    for source, sort, way in CASES.values():
        table, column = source.tables.split()[0], source.orders.get(sort, sort).rpartition(".")[2]
        found = plan(listed(source, sort=f"{sort}:{way}"))
        assert f"using {table}_tenant_id_project_id_{column}_id_idx on {source.tables}" in found, found
        assert "Seq Scan" not in found


def test_a_page_further_on_begins_there_and_what_is_asked_for_is_looked_up(plan):
    after = str(UUID(int=1))
    for wanted, condition in (
        (listed(CONTACTS, sort="name:asc", cursor=cursor("name", "next", "ana 8", after)), "ROW(name_folded, id) > "),
        (listed(CONTACTS, sort="score:desc", cursor=cursor("score", "next", 50, after)), "ROW(score, id) < "),
        (listed(CONTACTS, {"filter[phone]": "+5577"}), "(value = "),
        (only(SESSION_STATS, days=1), "(ended_at > "),
    ):
        found = plan(wanted)
        assert condition in conditions(found), found
        assert not any(f"Seq Scan on {table} " in found for table in FILLED), found


def conditions(plan):
    return "".join(line for line in plan.splitlines() if "Index Cond" in line)


def cursor(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
