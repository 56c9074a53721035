"""Postgres' own protocol, as much of it as sends several statements at once and reads their rows."""

import json
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from pg8000.exceptions import DatabaseError, InterfaceError

Row = tuple[str | None, ...]
Connection: TypeAlias = Any  # pg8000.dbapi.Connection; the library ships no types

MOST_PREPARED = 256  # per connection; what comes after is parsed each time
_SYNC = b"S\x00\x00\x00\x04"
_EXECUTE = b"E\x00\x00\x00\x09\x00\x00\x00\x00\x00"
_COPIED = b"c\x00\x00\x00\x04"
_NULL = struct.pack("!i", -1)
_HEAD = 5  # one letter and a length
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
    # pg8000 offers no pipeline, so its socket is used behind its back; the lock pins its version.
    run = _Run(connection.__dict__.setdefault("prepared", {}))
    connection._usock.sendall(b"".join(run.messages(each) for each in statements) + _SYNC)  # noqa: SLF001 - see above
    try:
        run.read(connection)
    except (InterfaceError, OSError, struct.error) as error:
        error.completed = run.results  # type: ignore[union-attr] # as below
        raise
    if run.error is not None:
        run.error.completed = run.results
        raise run.error
    return run.results


@dataclass
class _Run:
    """One pipeline. `prepared` names the statements that the server has parsed and keeps for this connection."""

    prepared: dict[str, bytes]
    fresh: dict[str, bytes] = field(default_factory=dict)
    results: list[list[Row]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    error: Any = None

    def messages(self, statement: Sql | Copy) -> bytes:
        if isinstance(statement, Copy):
            # The server takes the data as soon as it comes to the statement, and throws it away if it never does.
            data = b"d" + struct.pack("!i", len(statement.data) + 4) + statement.data
            return self.messages(Sql(statement.text, {})) + data + _COPIED
        text, names = numbered(statement.text)
        values = [encode(statement.values[name]) for name in names]
        bind = b"".join(_NULL if value is None else struct.pack("!i", len(value)) + value for value in values)
        parse, name = self._parsed(text)
        body = b"\0" + name + b"\0" + struct.pack("!HH", 0, len(values)) + bind + struct.pack("!H", 0)
        return parse + b"B" + struct.pack("!i", len(body) + 4) + body + _EXECUTE

    def _parsed(self, text: str) -> tuple[bytes, bytes]:
        """The message that has the statement parsed, empty when it is known, and the statement's name."""
        known = self.prepared.get(text) or self.fresh.get(text)
        if known:
            return b"", known
        name = b""
        if len(self.prepared) + len(self.fresh) < MOST_PREPARED:
            name = self.fresh[text] = f"v{len(self.prepared) + len(self.fresh)}".encode()
        query = name + b"\0" + text.encode() + b"\0\0\0"
        return b"P" + struct.pack("!i", len(query) + 4) + query, name

    def read(self, connection: Connection) -> None:
        """Read every answer up to the server's word that it is ready again."""
        code = b""
        while code != b"Z":
            head = connection._sock.read(_HEAD)  # noqa: SLF001 - as above
            if len(head) < _HEAD:
                raise InterfaceError("the database closed the connection")
            code = head[:1]
            data = connection._sock.read(struct.unpack("!i", head[1:])[0] - 4)  # noqa: SLF001 - as above
            self._take(code, data)
        connection.handle_READY_FOR_QUERY(data, None)

    def _take(self, code: bytes, data: bytes) -> None:
        if code == b"D":
            self.rows.append(_row(data))
        elif code == b"C":
            self.results.append(self.rows)
            self.rows = []
        elif code == b"1" and self.fresh:
            text = next(iter(self.fresh))
            self.prepared[text] = self.fresh.pop(text)
        elif code == b"E":
            told = {chr(part[0]): part[1:].decode(errors="replace") for part in data.split(b"\0") if part}
            self.error = DatabaseError(told)


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


_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"))


def copied(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows in the text format that a `Copy` sends; their values are those that statements take."""
    return b"".join(b"\t".join(map(_field, row)) + b"\n" for row in rows)


def _field(value: Any) -> bytes:
    told = encode(value)
    if told is None:
        return b"\\N"
    for plain, escaped in _ESCAPES:
        if plain in told:
            told = told.replace(plain, escaped)
    return told


def _in_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _row(data: bytes) -> Row:
    values: list[str | None] = []
    at = 2
    for _ in range(struct.unpack_from("!H", data)[0]):
        size = struct.unpack_from("!i", data, at)[0]
        at += 4
        values.append(None if size < 0 else data[at : at + size].decode())
        at += max(size, 0)
    return tuple(values)
