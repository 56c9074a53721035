from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from pg8000.exceptions import DatabaseError

from shared.runtime import wire
from shared.runtime.postgres import BEGIN, ROLLBACK, connect, is_lost, pipeline, sql, sqlstate

TABLE = sql("create temp table told (id uuid primary key, said text, at timestamptz, number int)")
INSERT = "insert into told values (:id, :said, :at, :number)"
READ = "select id, said, at, number from told where number >= :least order by number"
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def connection(database):
    connection = connect(database.app_url)
    pipeline(connection, BEGIN, TABLE)
    yield connection
    connection.close()


@pytest.fixture
def cursor(connection):
    return connection.cursor()


class Counted:
    """A socket that counts how often something is sent on it."""

    def __init__(self, wire):
        self._wire = wire
        self.sent = 0

    def sendall(self, data):
        self.sent += 1
        self._wire.sendall(data)

    def __getattr__(self, name):
        return getattr(self._wire, name)


def told(number, said="oi"):
    return {"id": uuid4(), "said": said, "at": AT, "number": number}


def test_a_statement_is_one_round_trip(connection, cursor, monkeypatch):
    connection._usock = counted = Counted(connection._usock)
    monkeypatch.setattr(connection, "handle_messages", None)  # by which the library waits
    for number in range(3):
        cursor.execute(INSERT, told(number))
    cursor.execute(READ, {"least": 1})
    assert [row[3] for row in cursor.fetchall()] == [1, 2]
    assert counted.sent == 4


def test_values_come_back_as_what_they_are(cursor):
    values = {
        "id": uuid4(),
        "at": AT,
        "yes": True,
        "number": 7,
        "price": Decimal("1.10"),
        "words": ["a", 'b "c"', None],
        "said": "ç\n'%s' :x",
        "none": None,
    }
    types = ("uuid", "timestamptz", "bool", "int", "numeric", "text[]", "text", "text")
    asked = ", ".join(f":{name}::{type_}" for name, type_ in zip(values, types, strict=True))
    cursor.execute(f"select {asked}, '{{\"a\": [1]}}'::jsonb where :number::int > 0", values)
    assert cursor.fetchone() == [*values.values(), {"a": [1]}]


def test_columns_are_told_of_no_rows_and_known_the_next_time(cursor):
    for _ in range(2):
        cursor.execute(READ, {"least": 1})
        assert [column[0] for column in cursor.description] == ["id", "said", "at", "number"]
        assert cursor.fetchall() == ()
    cursor.execute(INSERT, one := told(1))
    assert cursor.description is None
    cursor.execute(READ, {"least": 1})
    assert cursor.fetchall() == (list(one.values()),)
    assert isinstance(one["id"], UUID)


def test_it_is_told_how_many_rows_there_were(cursor):
    cursor.executemany(INSERT, [told(number) for number in range(5)])
    assert cursor.rowcount == 5
    cursor.execute("update told set said = :said where number > :least", {"said": "tchau", "least": 1})
    assert cursor.rowcount == 3
    cursor.execute(READ, {"least": 4})
    assert cursor.rowcount == 1
    cursor.execute("set local lock_timeout = '5s'")
    assert cursor.rowcount == -1


def test_beyond_what_a_connection_keeps_columns_are_asked_for_each_time(cursor, monkeypatch):
    monkeypatch.setattr(wire, "MOST_PREPARED", 0)
    for _ in range(2):
        cursor.execute("select :it::int as it", {"it": 3})
        assert (cursor.description[0][0], cursor.fetchall()) == ("it", ([3],))


def test_what_has_failed_can_be_asked_again(connection, cursor):
    broken = "select 1 / :by ::int as result"
    for _ in range(2):
        with pytest.raises(DatabaseError) as error:
            cursor.execute(broken, {"by": 0})
        assert sqlstate(error.value) == "22012"
        pipeline(connection, ROLLBACK, BEGIN)
    cursor.execute(broken, {"by": 1})
    assert (cursor.description[0][0], cursor.fetchall()) == ("result", ([1],))


def test_a_table_that_changed_asks_for_another_connection(connection, cursor):
    everything = "select * from told where number >= :least"
    for _ in range(2):
        cursor.execute(everything, {"least": 1})
    pipeline(connection, sql("alter table told add more text"))
    with pytest.raises(DatabaseError) as error:
        cursor.execute(everything, {"least": 1})
    assert is_lost(error.value)
