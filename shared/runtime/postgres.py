"""Postgres without an ORM: connections kept per process, and several statements in one round trip."""

import os
import ssl
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from queue import Empty, LifoQueue
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.dbapi
from pg8000.core import IDLE
from pg8000.exceptions import DatabaseError, InterfaceError

from shared.runtime.cursor import Cursor
from shared.runtime.settings import settings
from shared.runtime.wire import Connection, Copy, Row, Sql, copied, pipeline

__all__ = [
    "BEGIN",
    "COMMIT",
    "DATABASE_ERRORS",
    "LOCKED",
    "ROLLBACK",
    "TOO_SLOW",
    "Connection",
    "Connections",
    "Copy",
    "Row",
    "Sql",
    "Undecided",
    "commit",
    "connect",
    "connections",
    "copied",
    "is_away",
    "is_lost",
    "is_retryable",
    "is_silent",
    "pipeline",
    "sql",
    "sqlstate",
    "verifying",
]

LOCKED, TOO_SLOW = "55P03", "57014"  # the lock timeout struck, the statement timeout did
_RETRYABLE = {"40001", "40P01", "23505"}
# Shut down, full, ended for idling, or a kept statement that no longer fits the tables or is gone behind a pooler: a
# fresh connection helps.
_LOST = {"57P01", "57P02", "57P03", "57P05", "25P03", "53300", "0A000", "26000"}
CONNECT_SECONDS = 5.0  # to be let in
ANSWER_SECONDS = 15.0  # of silence; Postgres itself ends a statement after ten
DATABASE_ERRORS = (DatabaseError, InterfaceError, OSError, struct.error)  # all that talking to it can raise


class Undecided(InterfaceError):  # type: ignore[misc] # pg8000 ships no types
    """The connection was lost while a commit was under way: whether it took effect is not known."""


def sql(text: str, **values: Any) -> Sql:
    return Sql(text, values)


BEGIN, COMMIT, ROLLBACK = sql("begin"), sql("commit"), sql("rollback")


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


def is_away(error: BaseException) -> bool:
    """Whether the database could not do it just now, be it gone or too busy; later it may."""
    return is_lost(error) or sqlstate(error) in {LOCKED, TOO_SLOW}


def is_silent(error: BaseException) -> bool:
    """Whether the database let us wait for as long as we wait, so that waiting again is of no use to anybody."""
    inner: BaseException | None = getattr(error, "orig", None) or error
    while inner is not None and not isinstance(inner, TimeoutError):
        inner = inner.__cause__
    return inner is not None


def commit(connection: Connection, *statements: Sql | Copy, after: Iterable[Sql] = ()) -> list[list[Row]]:
    """Run the last statements of a transaction and commit it; `after` is sent along, and its failure is nobody's.

    Undecided: the connection was lost before Postgres said that it had committed.
    """
    try:
        return pipeline(connection, *statements, COMMIT, *after)[: len(statements)]
    except DATABASE_ERRORS as error:
        done: list[list[Row]] = getattr(error, "completed", [])
        if len(done) > len(statements):
            # It has ended, though the rest was lost: to roll it back would fail, and make it look as if it had not.
            connection._transaction_status = IDLE  # noqa: SLF001 - the protocol's own status byte
            return done[: len(statements)]
        if is_lost(error):
            raise Undecided("the connection was lost during a commit") from error
        raise


class _Dialled(pg8000.dbapi.Connection):  # type: ignore[misc] # pg8000 ships no types
    """A connection whose socket is closed when it is; pg8000's own stays open for as long as an error refers to it."""

    def __init__(self, **told: Any) -> None:
        self._usock: Any = None
        try:
            super().__init__(**told)
        except BaseException:
            _close(self)
            raise

    def cursor(self) -> Cursor:
        return Cursor(self)

    def close(self) -> None:
        wire: Any = self._usock
        try:
            super().close()
        finally:
            if wire is not None and (number := wire.detach()) >= 0:
                os.close(number)

    def __del__(self) -> None:
        # A pool that was thrown away forgets those who come back to it late.
        if self._usock is not None:
            _close(self)


def connect(database_url: str) -> Connection:
    """Open one connection; TLS is verified against `DATABASE_CA` when that is set.

    With `?sslmode=verify-ca` the certificate need not name the host: for an authority that signs for one server alone.
    """
    parts = urlsplit(database_url)
    context: Any = False
    if settings().database_ca:
        context = verifying(settings().database_ca, host=parse_qs(parts.query).get("sslmode") != ["verify-ca"])
    connection: Any = _Dialled(
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=parts.hostname,
        port=parts.port or 5432,
        database=parts.path.lstrip("/"),
        ssl_context=context,
        timeout=CONNECT_SECONDS,
        application_name="ventros",
    )
    connection._usock.settimeout(ANSWER_SECONDS)  # noqa: SLF001 - pg8000 knows one deadline for both
    return connection


def verifying(authorities: str, *, host: bool) -> ssl.SSLContext:
    """TLS that believes the authorities of one file; one such context costs 1 ms, the default one 20."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = host
    context.load_verify_locations(authorities)
    return context


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
                # What ended one has most likely ended all.
                self.close()
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
            if not is_lost(error) or is_silent(error):
                raise
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
    except (InterfaceError, OSError, ValueError):  # the last of a file that was closed already
        return


_FIRST = Lock()


def connections(database_url: str) -> Connections:
    """The one set of connections this process keeps to that database."""
    with _FIRST:  # whose first callers may be several
        return _connections(database_url)


@cache
def _connections(database_url: str) -> Connections:
    return Connections(database_url)
