import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from shared.core.projects.store import Projects
from shared.core.users.store import Users
from shared.crm.messages.tasks import ResumeMessage
from shared.kernel.errors import Forbidden, NotFound, Unavailable
from shared.kernel.values import Name
from shared.runtime import work
from shared.runtime.postgres import DATABASE_ERRORS, is_lost, pipeline, sql
from shared.runtime.retry import Stale, retried
from shared.runtime.settings import settings
from shared.runtime.work import unit_of_work
from tests.support.environment import disconnect, environment

BACKEND = sql("select pg_backend_pid()")
TERMINATE = "select pg_terminate_backend(:pid::int)"


def rename(tenant, name):
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id).update(name=Name(name))
        uow.commit()


def a_task():
    return ResumeMessage(message_id=uuid4())


def test_rows_events_and_tasks_leave_in_one_transaction(tenant, world):
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
        uow.schedule(a_task())
        uow.commit()
    transactions = world.rows(
        "select xmin::text from projects union all select xmin::text from outbox_events "
        "union all select xmin::text from outbox_tasks"
    )
    assert len(transactions) == 3
    assert len({row["xmin"] for row in transactions}) == 1


def test_nothing_is_left_when_the_handler_raises(tenant, world):
    def handler():
        with unit_of_work(tenant.tenant_id) as uow:
            Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
            uow.schedule(a_task())
            uow.run(sql("select 1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        handler()
    assert world.value("select name from projects") == "Default"
    assert (world.events(), world.tasks()) == ([], [])


def test_nothing_is_left_without_a_commit(tenant, world):
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
        uow.run(sql("select 1"))
    assert world.value("select name from projects") == "Default"


def test_no_transaction_stays_open(tenant, world):
    with pytest.raises(NotFound), unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(uuid4())
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
    assert world.value(waiting) == 0


def test_the_commit_brings_back_what_was_written(tenant):
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
        uow.schedule(a_task())
        first, second = uow.commit(sql("select name from projects"), sql("select 2"))
    assert (first, second) == ([("Vendas",)], [("2",)])


def test_statements_see_what_was_changed_before_them(tenant):
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
        assert uow.run(sql("select name from projects"))[0] == [("Vendas",)]


def test_an_event_carries_the_version_that_was_written(tenant, world):
    rename(tenant, "Vendas")
    rename(tenant, "Suporte")
    assert [event["aggregate_version"] for event in world.events()] == [2, 3]
    assert world.value("select version from projects") == 3
    (first, _) = world.events()
    assert first["tenant_id"] == str(tenant.tenant_id)
    assert first["actor"] == {"type": "system", "id": None}
    assert first["event_version"] == "v1"


def test_an_event_occurred_when_the_databases_clock_says_so(tenant, world):
    world.advance(86_400)
    before = world.now()
    rename(tenant, "Vendas")
    (event,) = world.events()
    assert before <= datetime.fromisoformat(event["occurred_at"]) <= world.now()


def test_a_change_over_somebody_elses_is_refused(tenant, world):
    def lose():
        with unit_of_work(tenant.tenant_id) as uow:
            project = Projects(uow).get(tenant.project_id)
            rename(tenant, "Vendas")
            project.update(name=Name("Suporte"))
            uow.commit()

    with pytest.raises(Stale):
        lose()
    assert world.value("select name from projects") == "Vendas"
    assert len(world.events()) == 1


def test_work_that_lost_a_race_is_done_again_on_fresh_rows(tenant, world):
    seen = []

    def work():
        with unit_of_work(tenant.tenant_id) as uow:
            project = Projects(uow).get(tenant.project_id)
            seen.append(project.name)
            if len(seen) == 1:
                rename(tenant, "Vendas")
            project.update(name=Name("Suporte"))
            uow.commit()

    retried(work)
    assert seen == ["Default", "Vendas"]
    assert world.value("select name from projects") == "Suporte"


def test_a_locked_row_is_read_as_it_is_now(tenant):
    with unit_of_work(tenant.tenant_id) as uow:
        assert Projects(uow).get(tenant.project_id).name == "Default"
        rename(tenant, "Vendas")
        assert Projects(uow).get(tenant.project_id, lock=True).name == "Vendas"


def test_an_aggregate_read_twice_is_one(tenant, world):
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
        assert Projects(uow).get(tenant.project_id).name == "Vendas"
        uow.commit()
    assert len(world.events()) == 1


def test_another_tenants_rows_are_not_there(tenant, other_tenant):
    with unit_of_work(tenant.tenant_id) as uow:
        with pytest.raises(NotFound, match="there is no such project"):
            Projects(uow).get(other_tenant.project_id)
        assert {user.id for user in Users(uow).all()} == {person.user_id for person in tenant.people}


def test_a_dead_connection_is_replaced(tenant, world):
    attempts = []

    def work():
        with unit_of_work(tenant.tenant_id) as uow:
            attempts.append(1)
            if len(attempts) == 1:
                world.run(TERMINATE, pid=uow.run(BACKEND)[0][0][0])
            Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
            uow.commit()

    retried(work)
    assert len(attempts) == 2
    assert world.value("select name from projects") == "Vendas"
    assert len(world.events()) == 1


def test_a_lost_connection_is_known_as_such(tenant, world):
    def die():
        with unit_of_work(tenant.tenant_id) as uow:
            world.run(TERMINATE, pid=uow.run(BACKEND)[0][0][0])
            uow.run(sql("select 1"))

    with pytest.raises(DATABASE_ERRORS) as caught:
        die()
    assert is_lost(caught.value)


def test_no_more_connections_are_opened_than_threads_were_declared(database, tenant):
    def serve(_: int) -> str | None:
        with unit_of_work(tenant.tenant_id) as uow:
            return uow.run(sql("select pg_sleep(0.05)"), BACKEND)[1][0][0]

    disconnect(database.app_url)
    work._engine.cache_clear()
    with environment({"THREADS": "3", "DATABASE_URL": database.app_url}), ThreadPoolExecutor(12) as threads:
        servers = set(threads.map(serve, range(24)))
        disconnect(database.app_url)
        work._engine.cache_clear()
    assert len(servers) == 3


def test_those_who_ask_for_the_engine_first_and_at_once_get_the_same(monkeypatch):
    def slow(*_: object, **__: object) -> object:
        time.sleep(0.02)
        return object()

    monkeypatch.setattr(work, "create_engine", slow)
    work._engine.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        made = set(map(id, threads.map(work.engine, ["postgresql://nowhere/x"] * 8)))
    work._engine.cache_clear()
    assert len(made) == 1


def test_now_is_the_databases_clock(tenant, world):
    world.advance(3600)
    with unit_of_work(tenant.tenant_id) as uow:
        assert abs(uow.now - world.now()) < timedelta(seconds=30)


def test_the_houses_own_work_has_no_caller(tenant):
    with unit_of_work(tenant.tenant_id) as uow, pytest.raises(Forbidden):
        assert uow.caller


def test_a_write_that_is_lost_is_not_quoted_in_any_log(tenant, world, caplog):
    def die():
        with unit_of_work(tenant.tenant_id) as uow:
            Projects(uow).get(tenant.project_id).update(name=Name("Segredo"))
            world.run(TERMINATE, pid=pipeline(uow._raw, BACKEND)[0][0][0])
            uow.flush()

    with pytest.raises(DBAPIError) as caught:
        die()
    assert "Segredo" not in str(caught.value) + caplog.text


def test_who_finds_every_connection_in_use_is_told_soon_to_come_again(tenant, monkeypatch):
    monkeypatch.setattr(work, "CONNECT_SECONDS", 0.1)
    with environment({"THREADS": "1"}):
        small = work._engine.__wrapped__(settings().database_url)
        monkeypatch.setattr(work, "engine", lambda _: small)
        with unit_of_work(tenant.tenant_id), pytest.raises(Unavailable) as caught, unit_of_work(tenant.tenant_id):
            pytest.fail("there was one connection for two")
        rename(tenant, "Vendas")
        small.dispose()
    assert caught.value.code == "busy"
