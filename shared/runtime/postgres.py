"""Postgres without an ORM: connections kept per process, and several statements in one round trip."""

import json
import re
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from queue import Empty, LifoQueue
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import pg8000.dbapi
from pg8000.exceptions import DatabaseError, InterfaceError

from shared.runtime.settings import settings

Row = tuple[str | None, ...]
Connection: TypeAlias = Any  # pg8000.dbapi.Connection; the library ships no types

_SYNC = b"S\x00\x00\x00\x04"
_EXECUTE = b"E\x00\x00\x00\x09\x00\x00\x00\x00\x00"
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_RETRYABLE = {"40001", "40P01", "23505"}
_LOST = {"57P01", "57P02", "57P03"}
DATABASE_ERRORS = (DatabaseError, InterfaceError, OSError, struct.error)  # all that talking to it can raise


@dataclass(frozen=True, slots=True)
class Sql:
    """One statement with named values: `Sql("select :a + 1", {"a": 2})`. Rows come back as text."""

    text: str
    values: Mapping[str, Any]


def sql(text: str, **values: Any) -> Sql:
    return Sql(text, values)


BEGIN, COMMIT, ROLLBACK = sql("begin"), sql("commit"), sql("rollback")


def pipeline(connection: Connection, *statements: Sql) -> list[list[Row]]:
    """Send the statements at once and read all their rows: one round trip, one implicit transaction.

    The first error ends the run; it is raised as pg8000's `DatabaseError` and carries in `completed`
    the rows of the statements before it. (pg8000 itself waits for an answer three times a statement.)
    """
    connection._usock.sendall(b"".join(_messages(statement) for statement in statements) + _SYNC)  # noqa: SLF001 - see above
    results, error = _answers(connection)
    if error is not None:
        error.completed = results
        raise error
    return results


def _messages(statement: Sql) -> bytes:
    text, names = numbered(statement.text)
    query = text.encode() + b"\0"
    values = [encode(statement.values[name]) for name in names]
    bind = b"".join(_NULL if value is None else struct.pack("!i", len(value)) + value for value in values)
    body = b"\0\0" + struct.pack("!HH", 0, len(values)) + bind + struct.pack("!H", 0)
    return (
        b"P" + struct.pack("!i", len(query) + 7) + b"\0" + query + b"\0\0"
        b"B" + struct.pack("!i", len(body) + 4) + body + _EXECUTE
    )


_NULL = struct.pack("!i", -1)


@cache
def numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """Turn `:name` into `$1` and say which value each number stands for."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}"

    return _PLACEHOLDER.sub(number, text), tuple(names)


def encode(value: Any) -> bytes | None:
    """A value in Postgres' text format; what has no format of its own goes as JSON."""
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=_in_json, ensure_ascii=False, separators=(",", ":")).encode()
    return str(value).encode()


def _in_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _answers(connection: Connection) -> tuple[list[list[Row]], Any]:
    read, results, rows, error = connection._sock.read, [], [], None  # noqa: SLF001 - pg8000 offers no pipeline
    while True:
        head = read(5)
        if len(head) < 5:  # noqa: PLR2004 - one letter and a length
            raise InterfaceError("the database closed the connection")
        code, data = head[:1], read(struct.unpack("!i", head[1:])[0] - 4)
        if code == b"D":
            rows.append(_row(data))
        elif code == b"C":
            results.append(rows)
            rows = []
        elif code == b"E":
            error = DatabaseError(
                {chr(part[0]): part[1:].decode(errors="replace") for part in data.split(b"\0") if part}
            )
        elif code == b"Z":
            connection.handle_READY_FOR_QUERY(data, None)
            return results, error


def _row(data: bytes) -> Row:
    values: list[str | None] = []
    at = 2
    for _ in range(struct.unpack_from("!H", data)[0]):
        size = struct.unpack_from("!i", data, at)[0]
        at += 4
        values.append(None if size < 0 else data[at : at + size].decode())
        at += max(size, 0)
    return tuple(values)


def sqlstate(error: BaseException) -> str | None:
    """The five-letter code of a database error, also when SQLAlchemy has wrapped it."""
    inner = getattr(error, "orig", None) or error
    first = inner.args[0] if isinstance(inner, DatabaseError) and inner.args else None
    return first.get("C") if isinstance(first, dict) else None


def is_retryable(error: BaseException) -> bool:
    """Whether the same work may succeed when simply done again: deadlock, serialization, a lost race for a key."""
    return sqlstate(error) in _RETRYABLE


def is_lost(error: BaseException) -> bool:
    """Whether the connection itself is gone, so that a fresh one is needed."""
    inner = getattr(error, "orig", None) or error
    return isinstance(inner, (InterfaceError, OSError, struct.error)) or sqlstate(error) in _LOST


def connect(database_url: str) -> Connection:
    """Open one connection; TLS is verified against `DATABASE_CA` when that is set."""
    parts = urlsplit(database_url)
    context: Any = False
    if settings().database_ca:
        # A context that holds one authority costs 1 ms; the default one, 20.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(settings().database_ca)
    return pg8000.dbapi.connect(
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=parts.hostname,
        port=parts.port or 5432,
        database=parts.path.lstrip("/"),
        ssl_context=context,
        timeout=15,
        application_name="ventros",
    )


class Connections:
    """The connections a process keeps to one database as one role; as many as its threads, opened when first used."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._idle: LifoQueue[Connection] = LifoQueue()

    @contextmanager
    def take(self) -> Iterator[Connection]:
        """A connection outside any transaction; what the block leaves open is rolled back."""
        connection = self._next()
        try:
            yield connection
        except BaseException as error:
            if is_lost(error) or not _reset(connection):
                _close(connection)
            else:
                self._idle.put(connection)
            raise
        if _reset(connection):
            self._idle.put(connection)
        else:
            _close(connection)

    def run(self, *statements: Sql) -> list[list[Row]]:
        """A pipeline of reads; when an idle connection turns out to be dead, once more on a fresh one."""
        try:
            with self.take() as connection:
                return pipeline(connection, *statements)
        except Exception as error:
            if not is_lost(error):
                raise
        self.close()
        with self.take() as connection:
            return pipeline(connection, *statements)

    def close(self) -> None:
        while True:
            try:
                _close(self._idle.get_nowait())
            except Empty:
                return

    def _next(self) -> Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            return connect(self._url)


def _reset(connection: Connection) -> bool:
    try:
        if connection._in_transaction:  # noqa: SLF001 - the protocol's own status byte
            pipeline(connection, ROLLBACK)
    except DATABASE_ERRORS:
        return False
    return True


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except (InterfaceError, OSError):
        return


@cache
def connections(database_url: str) -> Connections:
    """The one set of connections this process keeps to that database."""
    return Connections(database_url)


def values_of(rows: Sequence[Row]) -> list[Any]:
    """The first column of every row, read as JSON."""
    return [json.loads(row[0]) for row in rows if row[0] is not None]
