"""Plain aggregate classes mapped to their tables; the columns are read from the class, so nothing is said twice."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, DateTime, String, Table, TypeDecorator, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeEngine

from shared.kernel.aggregate import Aggregate
from shared.kernel.text import Text
from shared.runtime.parsing import adapter

mappers = registry()


class _Checked(TypeDecorator[Any]):
    """A string column whose values are an enum or a checked string in Python."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[Any]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:  # noqa: ARG002 - the hook decides the signature
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:  # noqa: ARG002 - as above
        return None if value is None else self.kind(value)


class _Json(TypeDecorator[Any]):
    """A jsonb column whose values are of some structured type in Python."""

    impl = JSONB
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__(none_as_null=True)
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Any) -> Any:  # noqa: ARG002 - as above
        return None if value is None else adapter(self.kind).dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Any) -> Any:  # noqa: ARG002 - as above
        return None if value is None else adapter(self.kind).validate_python(value)


def map_aggregate(kind: type[Aggregate], name: str) -> Table:
    """Map a dataclass to the table of that name; `version` guards every update against a lost one."""
    hints = get_type_hints(kind)
    columns = [_column(field.name, hints[field.name]) for field in fields(kind)]  # type: ignore[arg-type] # aggregates are dataclasses
    kept_by_postgres = Column("updated_at", DateTime(timezone=True), server_default=func.now(), onupdate=func.now())
    table = Table(name, mappers.metadata, *columns, kept_by_postgres)
    mappers.map_imperatively(
        kind, table, version_id_col=table.c.version, exclude_properties=["updated_at"], eager_defaults=False
    )
    return table


def _column(name: str, hint: Any) -> Column[Any]:
    bare, nullable = _without_none(hint)
    return Column(name, _type_of(bare), primary_key=name == "id", nullable=nullable)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in {Union, UnionType}:
        return hint, False
    inner = [part for part in get_args(hint) if part is not NoneType]
    return inner[0], True


_PLAIN: dict[Any, TypeEngine[Any]] = {
    UUID: Uuid(),
    str: String(),
    int: BigInteger(),
    bool: Boolean(),
    datetime: DateTime(timezone=True),
}


def _type_of(hint: Any) -> TypeEngine[Any]:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum | Text):
        return _Checked(hint)
    if is_dataclass(hint) or get_origin(hint) in {dict, list, tuple} or hint in {dict, list}:
        return _Json(hint)
    raise TypeError(f"no column type is known for {hint}")
