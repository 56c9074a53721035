"""What a database says of itself: tables, keys, policies, rights and roles, read from its catalogue."""

import re
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, get_args

from pg8000.native import Connection

R = TypeVar("R")

_FILE = Path(__file__).with_name("schema.sql")


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    required: bool
    default: str | None


@dataclass(frozen=True)
class Relation:
    """A table, view, foreign table or sequence; `kind` is the letter of pg_class."""

    name: str
    kind: str
    owner: str
    secured: bool
    forced: bool
    options: list[str]
    columns: list[dict[str, Any]]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {each["name"]: Column(**each) for each in self.columns}

    @property
    def of_a_tenant(self) -> bool:
        return "tenant_id" in self.by_name


@dataclass(frozen=True)
class Policy:
    table: str
    name: str
    permissive: bool
    command: str
    roles: list[str]
    using: str | None
    check: str | None


@dataclass(frozen=True)
class Index:
    table: str
    name: str
    unique: bool
    valid: bool
    exclusion: bool
    predicate: str | None
    columns: list[str]


@dataclass(frozen=True)
class ForeignKey:
    table: str
    name: str
    target: str
    columns: list[str]
    target_columns: list[str]


@dataclass(frozen=True)
class Choice:
    """A column whose values a check limits to a list."""

    table: str
    column: str
    values: list[str]


@dataclass(frozen=True)
class Right:
    """One privilege of one role on an object of a kind: relation, schema, database, or default (of what is to come)."""

    object: str
    kind: str
    owner: str
    column: str | None
    grantee: str
    privilege: str


@dataclass(frozen=True)
class Role:
    name: str
    superuser: bool
    bypasses: bool
    makes_roles: bool
    makes_databases: bool
    replicates: bool
    member_of: list[str]


@dataclass(frozen=True)
class Function:
    name: str
    owner: str
    definer: bool


@dataclass(frozen=True)
class Schema:
    relations: list[Relation]
    policies: list[Policy]
    indexes: list[Index]
    foreign_keys: list[ForeignKey]
    choices: list[Choice]
    rights: list[Right]
    roles: list[Role]
    functions: list[Function]

    @cached_property
    def tables(self) -> dict[str, Relation]:
        return {each.name: each for each in self.relations if each.kind in "rp"}

    @property
    def tenant_tables(self) -> list[Relation]:
        return [each for each in self.tables.values() if each.of_a_tenant]


def read(connection: Connection) -> Schema:
    """Read the catalogue in the connection's own transaction, so that what it has not committed counts."""
    kinds = {field.name: get_args(field.type)[0] for field in fields(Schema)}
    wanted = queries()
    return Schema(**{name: _all(connection, wanted[name], kind) for name, kind in kinds.items()})


def queries() -> dict[str, str]:
    """The statements of the file beside this one, by the names they are given there."""
    parts = re.split(r"^-- query: (\w+)$", _FILE.read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _all(connection: Connection, query: str, kind: type[R]) -> list[R]:
    return [kind(**row[0]) for row in connection.run(query) or ()]
