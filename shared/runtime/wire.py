"""Postgres' own protocol, as much of it as sends several statements at once and reads their rows."""

import json
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

from pg8000.exceptions import DatabaseError, InterfaceError

Row = tuple[str | None, ...]
Connection: TypeAlias = Any  # pg8000.dbapi.Connection; the library ships no types

MOST_PREPARED = 256  # per connection; what comes after is parsed each time
_SYNC = b"S\x00\x00\x00\x04"
_EXECUTE = b"E\x00\x00\x00\x09\x00\x00\x00\x00\x00"
_COPIED = b"c\x00\x00\x00\x04"
_NULL = struct.pack("!i", -1)
_AS_TEXT = struct.pack("!H", 0)
_HEAD = 5  # one letter and a length
_READ = 65536
_ROW, _DONE, _PARSED, _ERROR, _READY = b"DC1EZ"
_count, _size = struct.Struct("!H"), struct.Struct("!i")
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Sql:
    """One statement with named values: `Sql("select :a + 1", {"a": 2})`. Rows come back as text."""

    text: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Copy:
    """A `copy … from stdin` with its rows, as `copied` writes them; it has no rows of its own to give back."""

    text: str
    data: bytes


def pipeline(connection: Connection, *statements: Sql | Copy) -> list[list[Row]]:
    """Send the statements at once and read all their rows: one round trip, one implicit transaction.

    The first error ends the run; it is raised as pg8000's `DatabaseError`, or as what the connection was lost by,
    and carries in `completed` the rows of the statements before it. (pg8000 itself waits for an answer three times
    a statement.)
    """
    return Run(connection).through(*statements)


class Run:
    """One pipeline. `prepared` names the statements that the server has parsed and keeps for this connection."""

    asks = b""  # what else is to be told of each statement, before its rows

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.prepared: dict[str, bytes] = connection.__dict__.setdefault("prepared", {})
        self.fresh: dict[str, bytes] = {}
        self.results: list[list[Row]] = []
        self.rows: list[Row] = []
        self.error: Any = None
        self.ready = b""

    def through(self, *statements: Sql | Copy) -> list[list[Row]]:
        """The rows of each of them; raises as `pipeline` says."""
        sent = b"".join(self.messages(each) for each in statements)
        # pg8000 offers no pipeline, so its socket is used behind its back; the lock pins its version.
        self.connection._usock.sendall(sent + _SYNC)  # noqa: SLF001 - see above
        try:
            self.read()
        except (InterfaceError, OSError, struct.error) as error:
            error.completed = self.results  # type: ignore[union-attr] # as below
            raise
        if self.error is not None:
            self.error.completed = self.results
            raise self.error
        return self.results

    def messages(self, statement: Sql | Copy) -> bytes:
        if isinstance(statement, Copy):
            # The server takes the data as soon as it comes to the statement, and throws it away if it never does.
            data = b"d" + struct.pack("!i", len(statement.data) + 4) + statement.data
            return self.messages(Sql(statement.text, {})) + data + _COPIED
        text, names = numbered(statement.text)
        parse, name = self._parsed(text)
        body = [b"\0", name, b"\0", _AS_TEXT, _count.pack(len(names))]
        for each in names:
            value = encode(statement.values[each])
            body += (_NULL,) if value is None else (_size.pack(len(value)), value)
        body.append(_AS_TEXT)
        bind = b"".join(body)
        return b"".join((parse, b"B", _size.pack(len(bind) + 4), bind, self.asks, _EXECUTE))

    def _parsed(self, text: str) -> tuple[bytes, bytes]:
        """The message that has the statement parsed, empty when it is known, and the statement's name."""
        known = self.prepared.get(text) or self.fresh.get(text)
        if known:
            return b"", known
        name = b""
        if len(self.prepared) + len(self.fresh) < MOST_PREPARED:
            name = self.fresh[text] = f"v{len(self.prepared) + len(self.fresh)}".encode()
        query = name + b"\0" + text.encode() + b"\0\0\0"
        return b"P" + _size.pack(len(query) + 4) + query, name

    def read(self) -> None:
        """Read every answer up to the server's word that it is ready again."""
        begun = b""
        while begun or not self.ready:
            begun = self._take_whole(begun + _more(self.connection._sock, begun))  # noqa: SLF001 - as above
        self.connection.handle_READY_FOR_QUERY(self.ready, None)

    def _take_whole(self, heard: bytes) -> bytes:
        """Take the messages that are whole; what is left is how the next one begins."""
        at, end = 0, len(heard)
        while end - at >= _HEAD:
            following = at + 1 + _size.unpack_from(heard, at + 1)[0]
            if following > end:
                break
            self.take(heard[at], heard, at + _HEAD, following)
            at = following
        return heard[at:]

    def take(self, code: int, heard: bytes, at: int, end: int) -> None:
        """Take one message: its letter, and between which places what it says stands."""
        if self.ready:
            # Told unasked, and no answer to any statement of ours.
            return
        if code == _ROW:
            self.rows.append(_row(heard, at))
        elif code == _DONE:
            self.results.append(self.rows)
            self.rows = []
        elif code == _PARSED and self.fresh:
            text = next(iter(self.fresh))
            self.prepared[text] = self.fresh.pop(text)
        elif code == _ERROR:
            self.error = _error(heard[at:end])
        elif code == _READY:
            self.ready = heard[at:end]


def _more(wire: Any, begun: bytes) -> bytes:
    """What the server says next: of a message that has begun the rest, else as much as is there."""
    whole = 1 + _size.unpack_from(begun, 1)[0] if len(begun) >= _HEAD else _HEAD
    more: bytes = wire.read(whole - len(begun)) if begun else wire.read1(_READ)
    if not more:
        raise InterfaceError("the database closed the connection")
    return more


def _error(data: bytes) -> DatabaseError:
    return DatabaseError({chr(part[0]): part[1:].decode(errors="replace") for part in data.split(b"\0") if part})


@cache
def numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """Turn `:name` into `$1` and say which value each number stands for."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}"

    return _PLACEHOLDER.sub(number, text), tuple(names)


def encode(value: Any) -> bytes | None:
    """A value in Postgres' text format; what has no format of its own goes as JSON."""
    if isinstance(value, (str, UUID)):
        return str(value).encode()
    return None if value is None else _encode(value)


def _encode(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=_in_json, ensure_ascii=False, separators=(",", ":")).encode()
    return str(value).encode()


_NOTHING = b"\\N"
_SPECIAL = re.compile(rb"[\\\t\n\r]")
_ESCAPED = {b"\\": rb"\\", b"\t": rb"\t", b"\n": rb"\n", b"\r": rb"\r"}


def copied(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows in the text format that a `Copy` sends; their values are those that statements take."""
    return b"".join(b"\t".join([_NOTHING if value is None else _field(value) for value in row]) + b"\n" for row in rows)


def _field(value: Any) -> bytes:
    told = encode(value) or b""
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], told) if _SPECIAL.search(told) else told


def _in_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _row(heard: bytes, at: int) -> Row:
    values: list[str | None] = []
    (count,), at = _count.unpack_from(heard, at), at + _count.size
    for _ in range(count):
        (size,), at = _size.unpack_from(heard, at), at + _size.size
        values.append(None if size < 0 else heard[at : at + size].decode())
        at += max(size, 0)
    return tuple(values)
