"""SQLAlchemy's way to Postgres: pg8000's cursor, waiting once for a statement where the library waits three times."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pg8000.converters import make_param
from pg8000.core import Context
from pg8000.dbapi import Cursor as LibrarysCursor

from shared.runtime.wire import Connection, Row, Run, Sql, numbered

PLACEHOLDERS = "named"  # of the styles that SQLAlchemy writes, the one that `Sql` has, too
_DESCRIBE = b"D\x00\x00\x00\x06P\x00"
_COLUMNS, _DONE = b"TC"


class Cursor(LibrarysCursor):  # type: ignore[misc] # pg8000 ships no types
    """Runs a statement with named values in one round trip; the server keeps what it has parsed."""

    def execute(self, operation: str, args: Mapping[str, Any] | tuple[()] = (), stream: Any = None) -> None:
        """Raises what `pipeline` raises."""
        if not isinstance(args, Mapping) or not args:
            super().execute(operation, args, stream)
            return
        types = self._c.py_types
        values = {name: make_param(types, value) for name, value in args.items()}
        self._context = _Described(self._c, operation).run(values)
        self._row_iter = iter(self._context.rows)


class _Shape(NamedTuple):
    """The columns of a statement, and how the value of each is read."""

    columns: list[dict[str, Any]] | None = None
    readers: list[Any] | None = None


class _Described(Run):
    """One statement whose columns are asked for as long as they are not known."""

    def __init__(self, connection: Connection, text: str) -> None:
        super().__init__(connection)
        self.text = text
        self.known: dict[str, _Shape] = connection.__dict__.setdefault("described", {})
        self.context = Context(text, None, *self.known.get(text, _Shape()))
        self.asks = b"" if text in self.known else _DESCRIBE

    def run(self, values: Mapping[str, str | None]) -> Context:
        """What pg8000 would know of it: its columns, its rows, and how many it changed."""
        rows = self.through(Sql(self.text, values))[0]
        self.context.rows = [self._read(row) for row in rows]
        if self.asks and numbered(self.text)[0] in self.prepared:
            self.known[self.text] = _Shape(self.context.columns, self.context.input_funcs)
        return self.context

    def take(self, code: int, heard: bytes, at: int, end: int) -> None:
        if code == _COLUMNS:
            self.connection.handle_ROW_DESCRIPTION(heard[at:end], self.context)
        elif code == _DONE:
            self.context.row_count = _count(heard[at:end])
        super().take(code, heard, at, end)

    def _read(self, row: Row) -> list[Any]:
        readers = self.context.input_funcs
        return [None if value is None else read(value) for read, value in zip(readers, row, strict=True)]


def _count(tag: bytes) -> int:
    """How many rows the server says there were, as in `UPDATE 3`."""
    count = tag[:-1].rpartition(b" ")[2]
    return int(count) if count.isdigit() else -1
