"""Many aggregates read from one JSON picture and written back in one round trip: the way of the ingest path.

Ordinary writes go through `shared.runtime.work`; what arrives by the hundred a second comes this way.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar, get_type_hints

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
    return dict(zip(columns_of(aggregate), values_of(aggregate), strict=True))


def columns_of(aggregate: Aggregate) -> tuple[str, ...]:
    """The names of the aggregate's columns."""
    kind: Any = type(aggregate)
    return _columns(kind)[0]


def values_of(aggregate: Aggregate) -> tuple[Any, ...]:
    """What they are, in that order."""
    kind: Any = type(aggregate)
    return _columns(kind)[1](aggregate)


@cache
def _columns(kind: Any) -> tuple[tuple[str, ...], Callable[[Aggregate], tuple[Any, ...]]]:
    columns = tuple(field.name for field in fields(kind))
    return columns, attrgetter(*columns)


class Change(NamedTuple):
    """Which columns of an aggregate have changed since that version.

    What hangs on it may be all that changed: then its version alone is raised.
    """

    aggregate: Aggregate
    columns: tuple[str, ...]
    since: int


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

    def change(self, table: str, *changes: Change) -> None:
        """Update aggregates, those that changed alike in one statement; in which order is all the same.

        The transaction fails when a row has another version than the change's `since`.
        """
        self.aggregates.extend(each.aggregate for each in changes)
        alike: dict[tuple[tuple[str, ...], int], list[Aggregate]] = {}
        for each in changes:
            raised = each.aggregate.version - each.since
            alike.setdefault((each.columns, raised), []).append(each.aggregate)
        self.statements.extend(_changing(table, *how, some) for how, some in alike.items())

    def run(self, text: str, **values: Any) -> None:
        self.statements.append(Sql(text, values))


@cache
def _insert(table: str, columns: tuple[str, ...], *, or_keep: bool) -> str:
    names = ", ".join(columns)
    tail = " on conflict do nothing" if or_keep else ""
    source = f"jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"
    return f"insert into {table} ({names}) select {names} from {source}{tail}"


def _changing(table: str, columns: tuple[str, ...], raised: int, aggregates: list[Aggregate]) -> Sql:
    rows = [{name: getattr(each, name) for name in ("id", "version", *columns)} for each in aggregates]
    tenant_id = aggregates[0].tenant_id
    if len(rows) > 1:
        told = {"rows": as_json(rows), "raised": raised, "count": len(rows)}
        return Sql(_update_all(table, columns), {"tenant_id": tenant_id, **told})
    # One alone costs Postgres less this way.
    values = {name: _bound(value) for name, value in rows[0].items()}
    return Sql(_update(table, columns), {"tenant_id": tenant_id, "since": aggregates[0].version - raised, **values})


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    changes = "".join(f"{name} = :{name}, " for name in columns)
    return f"""
with changed as (
    update {table} set {changes}version = :version, updated_at = now()
    where tenant_id = :tenant_id and id = :id and version = :since returning 1
)
select must_equal(count(*), 1) from changed"""


@cache
def _update_all(table: str, columns: tuple[str, ...]) -> str:
    changes = "".join(f"{name} = told.{name}, " for name in columns)
    # A join alone might scan all that the tenant knows.
    return f"""
with told as materialized (
    select * from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))
), changed as (
    update {table} known set {changes}version = told.version, updated_at = now() from told
    where known.tenant_id = :tenant_id and known.id = any(array(select id from told)) and known.id = told.id
      and known.version = told.version - :raised returning 1
)
select must_equal(count(*), :count) from changed"""


def _bound(value: Any) -> Any:
    """A column's value as a statement takes it: what Postgres keeps as JSON goes as JSON."""
    return as_json(value) if isinstance(value, list | dict) or is_dataclass(value) else value
