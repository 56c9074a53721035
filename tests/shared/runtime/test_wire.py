from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pg8000.exceptions import DatabaseError

from shared.runtime import wire
from shared.runtime.postgres import BEGIN, COMMIT, ROLLBACK, Connections, connect, sql, sqlstate
from shared.runtime.wire import Copy, copied, encode, numbered, pipeline

KEPT = sql("select count(*) from pg_prepared_statements")
BROKEN = sql("select 1 / 0")


@pytest.fixture
def connection(database):
    connection = connect(database.app_url)
    yield connection
    connection.close()


def kept(connection):
    """How many statements the server keeps for this connection, this one among them."""
    return int(pipeline(connection, KEPT)[0][0][0] or 0)


def test_a_name_used_twice_is_one_value_and_a_cast_is_none():
    assert numbered("select :a, b::text, :c, :a") == ("select $1, b::text, $2, $1", ("a", "c"))


def test_what_has_no_form_of_its_own_goes_as_json():
    key = uuid4()
    assert encode({"id": key}) == f'{{"id":"{key}"}}'.encode()


def test_a_statement_is_parsed_once_a_connection(connection):
    before = kept(connection)
    for number in range(5):
        assert pipeline(connection, sql("select :n::int + 1", n=number)) == [[(str(number + 1),)]]
    assert kept(connection) == before + 1


def test_one_statement_twice_in_a_pipeline_is_parsed_once(connection):
    twice = sql("select :n::int", n=1), sql("select :n::int", n=2)
    before = kept(connection)
    assert pipeline(connection, *twice) == [[("1",)], [("2",)]]
    assert kept(connection) == before + 1


def test_what_an_error_kept_from_being_parsed_is_parsed_later(connection):
    after = sql("select 'behind the error'")
    for _ in range(2):
        with pytest.raises(DatabaseError):
            pipeline(connection, BROKEN, after)
    assert pipeline(connection, after) == [[("behind the error",)]]
    with pytest.raises(DatabaseError):
        pipeline(connection, sql("select nonsense from nowhere"))
    assert pipeline(connection, after, after) == [[("behind the error",)]] * 2


def test_a_connection_keeps_only_so_many(connection, monkeypatch):
    monkeypatch.setattr(wire, "MOST_PREPARED", 3)
    for number in range(10):
        assert pipeline(connection, sql(f"select {number}")) == [[(str(number),)]]  # the text itself differs
    assert kept(connection) <= 3


def test_a_kept_statement_that_no_longer_fits_its_table_is_had_anew(database, world):
    world.run("create table moving (a int)")
    world.run("grant select on moving to ventros_app")
    pool, read = Connections(database.app_url), sql("select * from moving")
    try:
        assert pool.run(read) == [[]]
        world.run("alter table moving add b int")
        assert pool.run(read) == [[]]
    finally:
        pool.close()
        world.run("drop table moving")


def test_an_error_brings_the_rows_before_it(connection):
    with pytest.raises(DatabaseError) as caught:
        pipeline(connection, sql("select 1"), BROKEN, sql("select 2"))
    assert sqlstate(caught.value) == "22012"
    assert caught.value.completed == [[("1",)]]


STAGED = sql("create temp table staged (number int, said text, told jsonb, at timestamptz) on commit drop")
COPY = "copy staged from stdin"


def test_rows_are_copied_among_other_statements(connection):
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    said = "um\ttab, uma\nlinha\r, um \\ e \\N"
    rows = copied([(1, said, {"a": "ç\n"}, at), (2, None, None, None), (3, "", [1], at)])
    count = sql("select number, said, told ->> 'a', extract(epoch from at)::int from staged order by 1")
    *_, found, _ = pipeline(connection, BEGIN, STAGED, Copy(COPY, rows), count, COMMIT)
    assert found == [("1", said, "ç\n", "1769860800"), ("2", None, None, None), ("3", "", None, "1769860800")]


def test_nothing_is_copied_behind_an_error(connection):
    rows = Copy(COPY, copied([(1, "oi", None, None)]))
    with pytest.raises(DatabaseError):
        pipeline(connection, BEGIN, STAGED, BROKEN, rows)
    assert pipeline(connection, ROLLBACK, sql("select 1"))[1] == [("1",)]


def test_a_row_that_does_not_fit_is_an_error_of_the_copy(connection):
    with pytest.raises(DatabaseError) as error:
        pipeline(connection, BEGIN, STAGED, Copy(COPY, b"no number\t\\N\t\\N\t\\N\n"), sql("select 1"))
    assert sqlstate(error.value) == "22P02"
    assert len(error.value.completed) == 2
    assert pipeline(connection, ROLLBACK, sql("select 2"))[1] == [("2",)]


def test_many_rows_are_copied_at_once(connection):
    rows = Copy(COPY, copied((n, "x" * 1000, None, None) for n in range(20_000)))
    *_, found = pipeline(connection, BEGIN, STAGED, rows, sql("select count(*), sum(length(said)) from staged"))
    assert found == [("20000", "20000000")]
    pipeline(connection, ROLLBACK)
