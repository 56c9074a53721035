import gc
import json
import os
import socket
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from threading import Barrier
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pg8000.exceptions import DatabaseError, InterfaceError

from shared.runtime import postgres
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import (
    BEGIN,
    DATABASE_ERRORS,
    Connections,
    Undecided,
    commit,
    connect,
    connections,
    is_lost,
    is_retryable,
    is_silent,
    pipeline,
    sql,
    sqlstate,
)
from shared.runtime.settings import settings

BROKEN = sql("select 1 / 0")
BACKEND = sql("select pg_backend_pid()")
TERMINATE = "select pg_terminate_backend(:pid::int)"


@pytest.fixture
def pool(database):
    pool = Connections(database.app_url)
    yield pool
    pool.close()


def test_statements_are_answered_in_order_in_one_transaction(pool):
    rows = pool.run(sql("select :a::int + 1", a=1), sql("select txid_current()"), sql("select txid_current()"))
    assert rows[0] == [("2",)]
    assert rows[1] == rows[2]


def test_one_error_undoes_what_came_before_it(pool, tenant, world):
    change = sql("update projects set name = 'Mine' where id = :id", id=tenant.project_id)
    with pytest.raises(DatabaseError) as caught:
        pool.run(tenant_scope(tenant.tenant_id), change, sql("select 'read'"), BROKEN, sql("select 'never'"))
    assert sqlstate(caught.value) == "22012"
    assert caught.value.completed[2] == [("read",)]
    assert len(caught.value.completed) == 3
    assert world.value("select name from projects") == "Default"


def test_a_connection_goes_on_after_an_error(pool):
    with pool.take() as connection:
        with pytest.raises(DatabaseError):
            pipeline(connection, BROKEN)
        assert pipeline(connection, sql("select 1")) == [[("1",)]]


def test_a_value_is_never_taken_for_sql(pool):
    hostile = "'; drop table projects; --:a $1 \\"
    assert pool.run(sql("select :a::text, 'x'::text, :a", a=hostile)) == [[(hostile, "x", hostile)]]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_every_text_comes_back_as_it_went(worker_database, text):
    assert connections(worker_database.app_url).run(sql("select cast(:a as text)", a=text)) == [[(text,)]]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "text"),
        (True, "boolean"),
        (7, "integer"),
        (2**62, "bigint"),
        (1.5, "float8"),
        ({"a": [1, None, "é"]}, "jsonb"),
        ([{"b": True}], "jsonb"),
    ],
)
def test_values_keep_their_meaning(pool, value, kind):
    found = pool.run(sql(f"select to_json(cast(:a as {kind}))", a=value))[0][0][0]
    assert (None if found is None else json.loads(found)) == value


def test_ids_times_and_bytes_have_postgres_own_form(pool):
    key, now = uuid4(), datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
    row = pool.run(
        sql("select cast(:id as uuid), cast(:now as timestamptz), cast(:raw as bytea)", id=key, now=now, raw=b"\0\xff")
    )[0][0]
    assert row == (str(key), "2026-01-31 12:30:15.123456+00", "\\x00ff")


def test_nothing_of_one_tenant_stays_for_the_next(pool, tenant):
    count = sql("select count(*) from users")
    assert pool.run(tenant_scope(tenant.tenant_id), count)[1] == [("3",)]
    assert pool.run(count) == [[("0",)]]
    assert pool.run(sql("select current_setting('app.tenant_id', true)"))[0][0][0] in {"", None}


def test_a_read_survives_the_death_of_its_connections(pool, world):
    with pool.take() as one, pool.take() as other:
        pids = [pipeline(each, BACKEND)[0][0][0] for each in (one, other)]
    for pid in pids:
        assert world.run(TERMINATE, pid=pid) == [("t",)]
    assert pool.run(sql("select 1")) == [[("1",)]]


def test_a_dead_connection_is_not_kept(pool, world):
    def die():
        with pool.take() as connection:
            world.run(TERMINATE, pid=pipeline(connection, BACKEND)[0][0][0])
            pipeline(connection, sql("select 1"))

    for _ in range(3):
        with pytest.raises(DATABASE_ERRORS) as caught:
            die()
        assert is_lost(caught.value)
    assert pool.run(sql("select 1")) == [[("1",)]]


def test_what_was_left_open_is_rolled_back(pool, tenant, world):
    change = sql("update projects set name = 'Mine' where id = :id", id=tenant.project_id)
    with pool.take() as connection:
        pipeline(connection, sql("begin"), tenant_scope(tenant.tenant_id), change)
    assert pool.run(sql("select txid_current_if_assigned()")) == [[(None,)]]
    assert world.value("select name from projects") == "Default"
    open_ones = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
    assert world.value(open_ones) == 0


def test_threads_have_connections_of_their_own(pool):
    together = Barrier(4)

    def backend(_):
        with pool.take() as connection:
            together.wait(timeout=20)
            return pipeline(connection, BACKEND)[0][0][0]

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(backend, range(4)))) == 4


def test_a_process_keeps_one_set_of_connections_to_a_database(database):
    assert connections(settings().database_url) is connections(os.environ["DATABASE_URL"])
    assert connections(settings().database_url) is not connections(database.relay_url)


@pytest.mark.parametrize(
    ("code", "retryable", "lost"),
    [
        ("40001", True, False),
        ("40P01", True, False),
        ("23505", True, False),
        ("57P01", False, True),
        ("22012", False, False),
    ],
)
def test_errors_say_whether_trying_again_helps(code, retryable, lost):
    error = DatabaseError({"C": code})
    assert (is_retryable(error), is_lost(error)) == (retryable, lost)


def test_other_errors_have_no_code():
    assert sqlstate(ValueError("22012")) is None
    assert sqlstate(DatabaseError("22012")) is None
    assert is_lost(ConnectionResetError())


@pytest.fixture
def deaf(monkeypatch):
    """A server that lets everybody in and never says a word; the address and who came."""
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://ventros_app:x@127.0.0.1:{server.getsockname()[1]}/ventros"


def test_nobody_waits_long_to_be_let_in_nor_tries_it_twice(deaf):
    began = time.monotonic()
    with pytest.raises(DATABASE_ERRORS) as caught:
        Connections(deaf).run(sql("select 1"))
    assert is_lost(caught.value)
    assert is_silent(caught.value)
    assert time.monotonic() - began < 2


def test_a_database_that_falls_silent_is_waited_for_once(database, monkeypatch):
    monkeypatch.setattr(postgres, "ANSWER_SECONDS", 0.3)
    with closing(Connections(database.app_url)) as pool:
        began = time.monotonic()
        with pytest.raises(DATABASE_ERRORS) as caught:
            pool.run(sql("select pg_sleep(3)"))
    assert is_silent(caught.value)
    assert time.monotonic() - began < 2


def test_a_commit_that_was_told_has_happened_whatever_comes_behind_it(pool, tenant, world):
    change = sql("update projects set name = 'Mine' where id = :id returning name", id=tenant.project_id)
    end = sql("select pg_terminate_backend(pg_backend_pid())")
    with pool.take() as connection:
        pipeline(connection, BEGIN, tenant_scope(tenant.tenant_id))
        assert commit(connection, change, after=[sql("select 1 / 0")]) == [[("Mine",)]]
    with pool.take() as connection:
        pipeline(connection, BEGIN, tenant_scope(tenant.tenant_id))
        assert commit(connection, change, after=[sql("select pg_notify('outbox', '')"), end]) == [[("Mine",)]]
    assert world.value("select name from projects") == "Mine"


def test_a_commit_of_which_nothing_is_heard_is_undecided(pool, tenant, world):
    def lose():
        with pool.take() as connection:
            pipeline(connection, BEGIN, tenant_scope(tenant.tenant_id))
            world.run(TERMINATE, pid=pipeline(connection, BACKEND)[0][0][0])
            commit(connection, sql("select 1"))

    with pytest.raises(Undecided) as caught:
        lose()
    assert is_lost(caught.value)


def test_what_a_transaction_refuses_is_no_unknown_outcome(pool, tenant):
    def refuse():
        with pool.take() as connection:
            pipeline(connection, BEGIN, tenant_scope(tenant.tenant_id))
            commit(connection, sql("select 1 / 0"))

    with pytest.raises(DatabaseError) as caught:
        refuse()
    assert sqlstate(caught.value) == "22012"


def test_a_connection_that_failed_holds_no_socket_though_its_error_is_kept(database, deaf, world, monkeypatch):
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 0.3)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(DATABASE_ERRORS) as kept:
            connect(deaf)
        connection = connect(database.app_url)
        wire = connection._usock
        world.run(TERMINATE, pid=pipeline(connection, BACKEND)[0][0][0])
        with pytest.raises(DATABASE_ERRORS) as lost:
            connection.execute_unnamed("select 1")
        with suppress(InterfaceError, OSError):
            connection.close()
        assert wire.fileno() == -1
        del connection, wire, kept, lost
        gc.collect()
    assert [str(each.message) for each in told] == []


def test_a_forgotten_one_is_closed_though_its_file_is_closed_before_it(database):
    """As the garbage collector may do it, which takes what refers to each other in any order."""
    connection = connect(database.app_url)
    wire = connection._usock
    connection._sock.close()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        connection.__del__()
    assert wire.fileno() == -1
    assert told == []
