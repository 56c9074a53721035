"""Reads: one statement whose JSON Postgres builds; the function only hands the bytes on."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.kernel.errors import BadRequest
from shared.kernel.ids import read_id
from shared.runtime.postgres import Sql, sql
from shared.runtime.telemetry import trace

if TYPE_CHECKING:
    from shared.runtime.paging import PageQuery

V = TypeVar("V")
Kind = tuple[str, Callable[[str], str]]  # an SQL type, and how a text is read before Postgres sees it as one

# The policies say the same of the project, but as a choice that no index can serve.
CALLERS_PROJECT = "cast(nullif(current_setting('app.project_id', true), '') as uuid)"
MOST_SORTS = 3
# "T" and "Z" may be small; a space in the place of "T" is what others may agree upon, and we have not.
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):\d\d)",
    re.ASCII | re.IGNORECASE,
)
_FILTER = re.compile(r"filter\[([a-z_]+)\](?:\[([a-z_]+)\])?")
_WHOLE = re.compile("-?[0-9]{1,19}")
_OPERATORS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, kw_only=True, eq=False)
class Source(Generic[V]):
    """Where a view comes from: its FROM clause and, for each field of the view, the SQL that yields it.

    A field that `columns` does not name is the column of that name of `alias`. `orders` are columns that a
    field is sorted by in its stead. `apart` are fields to filter by whose values stand in another table: the
    column there, and the condition on the row, with `{}` for the one on the column. `named` is the id of
    the row that an id given by a caller stands for: another one where things become one.
    """

    view: type[V]
    tables: str
    alias: str
    columns: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, str] = field(default_factory=dict)
    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    where: str = "true"
    filters: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ("created_at",)
    default_sort: str = "created_at:desc"
    noun: str = "resource"
    named: str = ":id"

    def column(self, name: str) -> str:
        return f"({self.columns[name]})" if name in self.columns else f"{self.alias}.{name}"

    def ways(self) -> str:
        """All that `sort` may be, as a pattern."""
        way = f"({'|'.join(self.sorts)}):(asc|desc)"
        return f"^{way}(,{way}){{0,{MOST_SORTS - 1}}}$"

    def hint(self, name: str) -> Any:
        view: Any = self.view
        return _hints(view)[name]

    def kind(self, name: str) -> Kind:
        return kind_of(self.hint(name))

    @cache  # noqa: B019 - sources live as long as the process
    def item(self) -> str:
        """The JSON of one row, field by field, in the view's own order."""
        pairs = (f"'{each.name}', {self.column(each.name)}" for each in fields(self.view))  # type: ignore[arg-type] # views are dataclasses
        return f"json_build_object({', '.join(pairs)})"

    @cache  # noqa: B019 - as above
    def shown(self) -> str:
        """What is selected to show one thing alone: its JSON, and its version where it has one."""
        versioned = any(each.name == "version" for each in fields(self.view))  # type: ignore[arg-type] # as above
        return f"{self.item()}, {self.column('version')}" if versioned else self.item()


@dataclass(frozen=True, kw_only=True)
class One(Generic[V]):
    """Exactly one thing and its version, or 404.

    `once` are fields that Postgres must not see: secrets shown in this answer only. `is_begun`: what was asked for is
    not done yet.
    """

    sql: Sql
    noun: str
    once: Mapping[str, Any] = field(default_factory=dict)
    is_begun: bool = False

    def body(self, found: str) -> str:
        """The answer, from the JSON that Postgres built."""
        return json.dumps({**json.loads(found), **self.once}, ensure_ascii=False) if self.once else found


@dataclass(frozen=True, kw_only=True)
class Page(Generic[V]):
    """One page of a list in the envelope `{data, paging, meta}`; 404 when what it hangs on is not there."""

    sql: Sql
    noun: str = "resource"


def one(
    source: Source[V], id: UUID, *, key: str = "id", once: Mapping[str, Any] | None = None, is_begun: bool = False
) -> One[V]:
    """The thing with that id; `once` fills fields of the view that Postgres must not see."""
    return One(sql=sql(_text_of_one(source, key), id=id), noun=source.noun, once=once or {}, is_begun=is_begun)


@cache
def _text_of_one(source: Source[Any], key: str) -> str:
    where = f"{source.where} and {source.alias}.{key} = {source.named}"
    return f"select {source.shown()} from {source.tables} where {where}"


def only(source: Source[V], **values: Any) -> One[V]:
    """The one thing that the source holds for this caller, such as their own profile; it names the `values`."""
    text = f"select {source.shown()} from {source.tables} where {source.where}"
    return One(sql=Sql(text, values), noun=source.noun)


def page(
    source: Source[V],
    query: "PageQuery",
    filters: Mapping[str, str],
    *,
    where: str = "true",
    exists: str = "true",
    **values: Any,
) -> Page[V]:
    """A page of the source under the caller's filters.

    `where` narrows it to a parent; `exists` says that the parent is there, else the answer is 404.
    `values` are what the two name.
    """
    order = _order(source, query)
    conditions = [source.where, where]
    bound: dict[str, Any] = {**values, "limit": query.limit, "request_id": trace().request_id}
    for number, (name, value) in enumerate(filters.items()):
        condition, bound[f"f{number}"] = _condition(source, name, value, f":f{number}")
        conditions.append(condition)
    if query.cursor is not None:
        order = _resume(order, query.cursor)
        conditions.append(order.after())
        bound |= order.bound()
    bound["offset"] = (query.page - 1) * query.limit if query.page and query.cursor is None else 0
    return Page(sql=Sql(_page_text(source, order, " and ".join(conditions), exists), bound), noun=source.noun)


@dataclass(frozen=True, kw_only=True)
class _Key:
    """What a page is sorted by, first or among those that are alike so far."""

    name: str
    column: str
    kind: Kind
    descending: bool


@dataclass(frozen=True, kw_only=True)
class _Order:
    """How a page is sorted, and where in that order it begins: by keys, and by the id among those alike in all."""

    keys: tuple[_Key, ...]
    id_column: str
    backwards: bool = False
    values: tuple[str, ...] = ()
    id: str | None = None

    @property
    def name(self) -> str:
        return ",".join(each.name for each in self.keys)

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """What stands in the order one after the other, each with whether it falls."""
        told = [(each.column, each.descending != self.backwards) for each in self.keys]
        return [*told, (self.id_column, told[-1][1])]

    def after(self) -> str:
        """The condition of all that comes behind where the page begins."""
        bound = [f"cast(:cursor_{place} as {each.kind[0]})" for place, each in enumerate(self.keys)]
        return _beyond(self.columns, [*bound, "cast(:cursor_id as uuid)"])

    def by(self) -> str:
        return ", ".join(f"{column} {'desc' if falls else 'asc'}" for column, falls in self.columns)

    def bound(self) -> dict[str, Any]:
        return {"cursor_id": self.id, **{f"cursor_{place}": value for place, value in enumerate(self.values)}}


def _beyond(columns: list[tuple[str, bool]], values: list[str]) -> str:
    """Behind these values. The first column bounds it alone, so that its index leads there, also where ways differ."""
    (column, falls), value = columns[0], values[0]
    sign = "<" if falls else ">"
    if all(other == falls for _, other in columns):
        return f"({', '.join(name for name, _ in columns)}) {sign} ({', '.join(values)})"
    return f"({column} {sign}= {value} and ({column} {sign} {value} or {_beyond(columns[1:], values[1:])}))"


def _order(source: Source[Any], query: "PageQuery") -> _Order:
    asked = (source.default_sort if query.sort is None else query.sort).split(",")
    if len(asked) > MOST_SORTS:
        raise BadRequest(f"sort by at most {MOST_SORTS} fields", code="bad_sort")
    keys: dict[str, _Key] = {}
    for each in asked:
        key = _key(source, each)
        # What was sorted by before is alike by then, so a field that is named again changes nothing.
        keys.setdefault(key.name, key)
    return _Order(keys=tuple(keys.values()), id_column=f"{source.alias}.id")


def _key(source: Source[Any], asked: str) -> _Key:
    name, _, way = asked.partition(":")
    if name not in source.sorts or way not in {"", "asc", "desc"}:
        raise BadRequest(f"sort by one of {', '.join(source.sorts)}, as in {source.default_sort}", code="bad_sort")
    column = source.orders.get(name) or source.column(name)
    return _Key(name=name, column=column, kind=source.kind(name), descending=way == "desc")


def _resume(order: _Order, cursor: str) -> _Order:
    try:
        raw = base64.b64decode(cursor.replace("-", "+").replace("_", "/") + "=" * (-len(cursor) % 4), validate=True)
        name, direction, told, key = json.loads(raw)
        told = told if len(order.keys) > 1 else [told]
        values = tuple(_told(each, value) for each, value in zip(order.keys, told, strict=True))
        row = str(read_id(key))
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError, AttributeError) as error:
        raise BadRequest("this cursor is not one that a list gave out", code="bad_cursor") from error
    if name != order.name or direction not in ("next", "previous") or "\0" in "".join(values):
        raise BadRequest("this cursor belongs to another list or another sort", code="bad_cursor")
    return replace(order, backwards=direction == "previous", values=values, id=row)


def _told(key: _Key, value: Any) -> str:
    """What a cursor says of a key. ValueError, TypeError or OverflowError: it can say no such thing."""
    read = key.kind[1](value if isinstance(value, str) else _count(value))
    read.encode()
    return read


def _count(value: Any) -> str:
    if type(value) is not int:
        raise ValueError(value)
    return str(value)


def moment(text: str) -> str:
    """A time of RFC 3339, as Postgres reads every one of them.

    ValueError or OverflowError: it is no time, or does not say in which zone.
    """
    if not _RFC_3339.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat()


def _condition(source: Source[Any], parameter: str, value: str, bound: str) -> tuple[str, str]:
    name, operator = _filter_name(parameter)
    if name not in source.filters:
        known = ", ".join(f"filter[{each}]" for each in source.filters) or "none"
        raise BadRequest(f"{parameter} is not understood here; the filters are: {known}", code="bad_filter")
    column, condition = source.apart.get(name) or (source.column(name), "{}")
    if operator == "contains":
        holds = f"position(lower(cast({bound} as text)) in lower({column}::text)) > 0"
        return condition.format(holds), _text(parameter, value)
    if operator not in _OPERATORS:
        raise BadRequest(f"use one of eq, gt, gte, lt, lte, contains in {parameter}", code="bad_filter")
    kind, read = source.kind(name)
    try:
        compares = f"{column} {_OPERATORS[operator]} cast({bound} as {kind})"
        return condition.format(compares), read(_text(parameter, value))
    except (ValueError, OverflowError) as error:
        wanted = _WANTED.get(kind) or f"one of {', '.join(_choices(source.hint(name)))}"
        raise BadRequest(f"{parameter} wants {wanted}", code="bad_filter") from error


def _filter_name(parameter: str) -> tuple[str, str]:
    match = _FILTER.fullmatch(parameter)
    if match is None:
        raise BadRequest(f"{parameter[:40]!r} is not a parameter of this list", code="bad_parameter")
    return match[1], match[2] or "eq"


def _text(parameter: str, value: str) -> str:
    if "\0" in value:
        raise BadRequest(f"{parameter} holds a NUL character", code="bad_filter")
    return value


_WANTED = {
    "uuid": "an id",
    "timestamptz": "a time, as in 2026-01-31T12:00:00Z",
    "boolean": "true or false",
    "bigint": "a whole number",
}


@cache
def _hints(view: Any) -> dict[str, Any]:
    return get_type_hints(view)


def kind_of(hint: Any) -> Kind:
    for kind, name, read in (
        (UUID, "uuid", lambda value: str(read_id(value))),
        (datetime, "timestamptz", moment),
        (bool, "boolean", _truth),
        (int, "bigint", _whole),
    ):
        if hint is kind or kind in get_args(hint):
            return name, read
    choices = _choices(hint)
    return "text", (lambda value: _chosen(value, choices)) if choices else str


def _choices(hint: Any) -> list[str]:
    """What a field may be, when it is one of a few words."""
    return [word for each in (hint, *get_args(hint)) for word in _words(each)]


def _words(hint: Any) -> list[str]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return list(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else []


def _chosen(value: str, choices: list[str]) -> str:
    if value not in choices:
        raise ValueError(value)
    return value


def _truth(value: str) -> str:
    if value not in {"true", "false"}:
        raise ValueError(value)
    return value


def _whole(value: str) -> str:
    if not _WHOLE.fullmatch(value) or abs(int(value)) >= 1 << 63:
        raise ValueError(value)
    return value


def _page_text(source: Source[Any], order: _Order, where: str, exists: str) -> str:
    shown = "desc" if order.backwards else "asc"
    forward, back = ("previous", "next") if order.backwards else ("next", "previous")
    came_from = "true" if order.id else "false"
    return f"""
select json_build_object(
    'data', coalesce(json_agg(item order by place {shown}) filter (where place <= :limit), '[]'::json),
    'paging', json_build_object(
        '{forward}', max({_cursor_text(order, forward)}) filter (where place = :limit and fetched > :limit),
        '{back}', max({_cursor_text(order, back)}) filter (where place = 1 and {came_from})),
    'meta', json_build_object('request_id', cast(:request_id as text)))
from (
    select *, row_number() over () as place, count(*) over () as fetched
    from (
        select {source.item()} as item, {_sorted_by(order)} as sorted_by, {order.id_column} as key
        from {source.tables}
        where {where}
        order by {order.by()}
        limit :limit::bigint + 1 offset :offset
    ) as few
) as row
having {exists}"""


def _sorted_by(order: _Order) -> str:
    """What a cursor keeps of a row: the value that it is sorted by, or a list of several."""
    columns = ", ".join(each.column for each in order.keys)
    return f"json_build_array({columns})" if len(order.keys) > 1 else columns


def _cursor_text(order: _Order, direction: str) -> str:
    value = f"json_build_array('{order.name}', '{direction}', sorted_by, key)::text"
    return f"translate(encode(convert_to({value}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"
