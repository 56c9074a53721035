"""Rows as plain values, several in one statement: cheaper for Postgres to read than one statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.runtime.postgres import Sql

MOST_AT_ONCE = 16  # rows of one statement, so that few statements are to be prepared


@dataclass(frozen=True, kw_only=True)
class Insert:
    """How rows of a table are written: `common` columns are the same in all of them, `made` ones come of SQL.

    `otherwise` is what is done with a row that is there already.
    """

    table: str
    common: tuple[str, ...]
    columns: tuple[str, ...]
    made: tuple[tuple[str, str], ...] = ()
    otherwise: str = ""

    def of(self, rows: Sequence[dict[str, Any]], **common: Any) -> list[Sql]:
        """The statements that insert the rows; none when there are none."""
        some = (rows[first : first + MOST_AT_ONCE] for first in range(0, len(rows), MOST_AT_ONCE))
        return [Sql(_text(self, len(each)), {**common, **self._numbered(each)}) for each in some]

    def _numbered(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {f"{name}_{number}": row[name] for number, row in enumerate(rows) for name in self.columns}


@cache
def _text(insert: Insert, count: int) -> str:
    names = ", ".join((*insert.common, *insert.columns))
    rows = ", ".join(_row(insert, number) for number in range(count))
    return f"insert into {insert.table} ({names}) values {rows} {insert.otherwise}"  # noqa: S608 - our own words


def _row(insert: Insert, number: int) -> str:
    made = dict(insert.made)
    common = (f":{name}" for name in insert.common)
    own = (made.get(name, "{}").format(f":{name}_{number}") for name in insert.columns)
    return f"({', '.join((*common, *own))})"
