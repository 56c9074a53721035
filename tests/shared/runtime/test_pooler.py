"""Through a real PgBouncer in transaction mode, whose few server connections go from one client to the next."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError

from infra.cloud.certificates import authority_of, new_certificate
from infra.fakes.waha_events import make_event
from shared.core.projects.store import Projects
from shared.kernel.values import Name
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import BEGIN, Connections, commit, connect, connections, pipeline, sql, sqlstate
from shared.runtime.retry import retried
from shared.runtime.work import unit_of_work
from tests.support import pooler
from tests.support.environment import disconnect, environment
from tests.support.pooler import Pooler, pooled
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel, waha_channel

pytestmark = pytest.mark.skipif(bool(pooler.why_not()), reason=pooler.why_not())

SERVERS = 2
CLIENTS = 12
BACKEND = sql("select pg_backend_pid()")
WHOSE = sql("select pg_backend_pid(), (select json_agg(distinct tenant_id) from projects)")


@pytest.fixture(scope="module")
def through(worker_database) -> Iterator[Pooler]:
    with pooled(worker_database) as running:
        yield running
        disconnect(running.app_url, running.resolver_url)


@pytest.fixture
def in_the_cloud(database, through) -> Iterator[Pooler]:
    with environment(through.environment()):
        yield through


@pytest.fixture
def clients(through) -> Iterator[list[Connections]]:
    made = [Connections(through.app_url) for _ in range(CLIENTS)]
    yield made
    for each in made:
        each.close()


@pytest.fixture
def tenants(new_tenant) -> list[Tenant]:
    return [new_tenant(f"Padaria {number}") for number in range(3)]


def at_once(work, items) -> list[Any]:
    with ThreadPoolExecutor(CLIENTS) as threads:
        return list(threads.map(work, items))


def test_the_servers_go_from_client_to_client_and_no_tenant_sees_another(clients, tenants):
    def read(turn: tuple[Connections, Tenant]) -> tuple[int, str, bool]:
        client, tenant = turn
        pid, seen = client.run(tenant_scope(tenant.tenant_id), WHOSE)[1][0]
        return int(pid or 0), str(id(client)), json.loads(seen or "[]") == [str(tenant.tenant_id)]

    # Every client is used for every tenant, each time on whichever server is free.
    turns = list(islice(zip(cycle(clients), cycle([*tenants, *tenants[:1]])), 600))
    seen = at_once(read, turns)
    assert all(theirs for _, _, theirs in seen)
    servers = {pid for pid, _, _ in seen}
    assert len(servers) <= SERVERS
    assert any(len({pid for pid, client, _ in seen if client == str(id(each))}) > 1 for each in clients)


def test_whose_turn_it_was_is_forgotten_with_the_transaction(clients, tenant):
    for client in clients:
        client.run(tenant_scope(tenant.tenant_id), BACKEND)
    assert {tuple(client.run(WHOSE)[0][0])[1] for client in clients} == {None}


def test_a_tenant_set_for_longer_than_a_transaction_would_be_seen_by_the_next_client(clients, tenant):
    for_the_session = sql("select set_config('app.tenant_id', :id, false)", id=str(tenant.tenant_id))
    clients[0].run(for_the_session)
    seen = [client.run(WHOSE)[0][0][1] for client in clients]
    clients[0].run(sql("select set_config('app.tenant_id', '', false)"))
    assert json.dumps([str(tenant.tenant_id)]) in seen


def test_a_transaction_keeps_its_server_while_others_work(through, clients, tenant):
    with clients[0].take() as connection:
        (first,) = pipeline(connection, BEGIN, tenant_scope(tenant.tenant_id), BACKEND)[2]
        others = at_once(lambda client: client.run(BACKEND)[0][0], clients[1:])
        assert pipeline(connection, BACKEND)[0] == [first]
        assert first not in others
        commit(connection)


def test_a_statement_that_was_kept_is_there_on_every_server(clients):
    double = "select :number::int * 2, pg_backend_pid()"
    answers = at_once(lambda n: (n, *clients[n % CLIENTS].run(sql(double, number=n))[0][0]), range(300))
    assert all(int(doubled or 0) == 2 * n for n, doubled, _ in answers)


def test_an_error_in_the_middle_leaves_client_and_server_fit_for_use(clients):
    def fail(turn: int) -> str | None:
        try:
            clients[turn % CLIENTS].run(sql("select 1"), sql("select 1 / :zero::int", zero=0), sql("select 'never'"))
        except DatabaseError as error:
            return sqlstate(error)
        return None

    assert set(at_once(fail, range(60))) == {"22012"}
    assert at_once(lambda client: client.run(sql("select 'never'"))[0][0][0], clients) == ["never"] * CLIENTS


def test_units_of_work_of_many_tenants_change_their_own_rows_alone(in_the_cloud, tenants, world):
    def rename(turn: tuple[int, Tenant]) -> None:
        number, tenant = turn
        retried(partial(_rename, tenant, f"{tenant.tenant_id} {number}"))

    at_once(rename, list(enumerate(islice(cycle(tenants), 60))))
    names = world.rows("select tenant_id, name, version from projects")
    assert all(row["name"].startswith(row["tenant_id"]) for row in names)
    assert sorted(row["version"] for row in names) == [21, 21, 21]
    assert len(world.events()) == 60


def _rename(tenant: Tenant, name: str) -> None:
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id, lock=True).update(name=Name(name))
        uow.commit()


def delivered(channel: WahaChannel, event: dict[str, Any]) -> int:
    """As WAHA does: what is put off, for want of a connection, is delivered again."""
    statuses = (channel.deliver(event).status_code for _ in range(5))
    return next((status for status in statuses if status != 503), 503)


def test_deliveries_of_many_channels_are_kept_once_each_under_their_own_tenant(in_the_cloud, tenants, world, api):
    channels = [waha_channel(world, api, tenant) for tenant in tenants]
    events = [(channel, make_event("GOWS", "text", body="Oi!")) for channel in channels for _ in range(10)]
    statuses = at_once(lambda turn: delivered(*turn), [*events, *events])
    assert set(statuses) == {200}
    kept = world.rows("select tenant_id, count(*) as messages from messages group by tenant_id")
    assert {row["tenant_id"]: row["messages"] for row in kept} == {str(each.tenant_id): 10 for each in tenants}


def test_endpoints_answer_each_tenant_with_its_own(in_the_cloud, tenants, api):
    def ask(tenant: Tenant) -> bool:
        listed = api.get("/api/v1/users", as_=tenant.admin).get_json()["data"]
        return {each["id"] for each in listed} == {str(person.user_id) for person in tenant.people}

    assert all(at_once(ask, list(islice(cycle(tenants), 90))))


def test_a_server_that_dies_under_a_transaction_is_known_as_a_lost_connection(in_the_cloud, tenant, world):
    attempts = []

    def work() -> None:
        with unit_of_work(tenant.tenant_id) as uow:
            attempts.append(1)
            if len(attempts) == 1:
                world.run("select pg_terminate_backend(:pid::int)", pid=uow.run(BACKEND)[0][0][0])
            Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
            uow.commit()

    retried(work)
    assert len(attempts) == 2
    assert len(world.events()) == 1


def test_what_the_role_is_limited_to_holds_behind_the_pooler(clients):
    limits = "select current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('TimeZone')"
    assert set(at_once(lambda client: client.run(sql(limits))[0][0], clients)) == {("10s", "5s", "UTC")}


def test_the_resolver_has_connections_of_its_own(through, tenant):
    found = connections(through.resolver_url).run(sql("select current_user, current_database() = :name", name="x"))
    assert found[0][0][0] == "ventros_resolver"


def test_it_is_spoken_to_by_tls_and_by_nothing_else(worker_database, tmp_path):
    chain, key = new_certificate("127.0.0.1")
    authority = tmp_path / "authority.pem"
    authority.write_text(authority_of(chain))
    with pooled(worker_database, tls=(chain, key)) as through:
        with environment({"DATABASE_CA": str(authority)}):
            connection = connect(through.app_url)
            assert pipeline(connection, sql("select current_user"))[0] == [("ventros_app",)]
            connection.close()
        with pytest.raises(DatabaseError, match=r"(?i)tls|ssl"):
            connect(through.app_url)
