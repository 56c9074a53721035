"""Many aggregates read from one JSON picture and written back in one round trip: the way of the ingest path.

Ordinary writes go through `shared.runtime.work`; what arrives by the hundred a second comes this way.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from shared.kernel.aggregate import Aggregate
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Sql, sql

A = TypeVar("A", bound=Aggregate)


def revive(kind: type[A], row: dict[str, Any]) -> A:
    """An aggregate from the JSON of its row; columns that are no fields are left out."""
    shape: Any = kind
    return kind(**vars(_reader(shape).model_validate(row)))


@cache
def _reader(kind: Any) -> type[BaseModel]:
    hints = get_type_hints(kind)
    columns: dict[str, Any] = {field.name: (hints[field.name], ...) for field in fields(kind)}
    return create_model(kind.__name__, __config__=ConfigDict(extra="ignore"), **columns)


def row_of(aggregate: Aggregate) -> dict[str, Any]:
    """The aggregate's columns, ready for JSON."""
    columns, values = _columns(_shape(aggregate))
    return dict(zip(columns, values(aggregate), strict=True))


def _shape(aggregate: Aggregate) -> Any:
    return type(aggregate)


@cache
def _columns(kind: Any) -> tuple[tuple[str, ...], Callable[[Aggregate], tuple[Any, ...]]]:
    columns = tuple(field.name for field in fields(kind))
    return columns, attrgetter(*columns)


class Batch:
    """What is to be written, in the order given; each entry is one statement of the pipeline."""

    def __init__(self) -> None:
        self.statements: list[Sql] = []
        self.aggregates: list[Aggregate] = []

    def insert(self, table: str, *rows: dict[str, Any], or_keep: bool = False) -> None:
        """Insert rows; `or_keep` leaves a row that is already there as it is."""
        if rows:
            self.statements.append(sql(_insert(table, tuple(rows[0]), or_keep=or_keep), rows=as_json(list(rows))))

    def add(self, table: str, *aggregates: Aggregate) -> None:
        """Insert aggregates of one kind, all in one statement."""
        self.insert(table, *map(row_of, aggregates))
        self.aggregates.extend(aggregates)

    def change(self, table: str, aggregate: Aggregate, columns: tuple[str, ...], *, since: int) -> None:
        """Update these columns and the version; the transaction fails when the row has another version than `since`.

        What hangs on an aggregate may be all that changed: then its version alone is raised.
        """
        row = row_of(aggregate)
        names = ("tenant_id", "id", "version", *columns)
        values = {"since": since, **{name: _bound(row[name]) for name in names}}
        self.statements.append(Sql(_update(table, columns), values))
        self.aggregates.append(aggregate)

    def run(self, text: str, **values: Any) -> None:
        self.statements.append(Sql(text, values))


@cache
def _insert(table: str, columns: tuple[str, ...], *, or_keep: bool) -> str:
    names = ", ".join(columns)
    tail = " on conflict do nothing" if or_keep else ""
    source = f"jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"
    return f"insert into {table} ({names}) select {names} from {source}{tail}"


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    changes = "".join(f"{name} = :{name}, " for name in columns)
    return f"""
with changed as (
    update {table} set {changes}version = :version, updated_at = now()
    where tenant_id = :tenant_id and id = :id and version = :since returning 1
)
select must_equal(count(*), 1) from changed"""


def _bound(value: Any) -> Any:
    """A column's value as a statement takes it: what Postgres keeps as JSON goes as JSON."""
    return as_json(value) if isinstance(value, list | dict) or is_dataclass(value) else value
