"""Searching by trees of conditions, and by words whose accents and case do not matter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Protocol, Self, TypeVar
from uuid import UUID

from pydantic import Field, model_validator

from shared.kernel.errors import Invalid
from shared.kernel.ids import read_id
from shared.runtime.paging import PageQuery
from shared.runtime.parsing import Body
from shared.runtime.query import Page, Source, moment, page

V = TypeVar("V")

MOST_WORDS = 10
MOST_TESTS = 50
LARGEST = 1 << 31
Text = Annotated[str, Field(max_length=200)]
Number = Annotated[int, Field(gt=-LARGEST, lt=LARGEST)]


class Operator(StrEnum):
    """`contains` is for texts, `gt`, `lt` and `between` are for times and numbers."""

    EQUALS = "equals"
    CONTAINS = "contains"
    GT = "gt"
    LT = "lt"
    BETWEEN = "between"


_SIGNS = {Operator.EQUALS: "=", Operator.GT: ">", Operator.LT: "<"}


class Filter(Body):
    """Base of a tree of conditions: each is either `and`, or `or`, or one test of a `field` by an `op`.

    A subclass names its fields, and itself as what `and` and `or` hold. `value` is two values for `between`.
    """

    all_of: Sequence["Filter"] | None = None
    any_of: Sequence["Filter"] | None = None
    field: StrEnum | None = None
    op: Operator | None = Field(None, examples=["contains"])
    value: Text | Number | Annotated[list[Text | Number], Field(max_length=2)] | None = Field(None, examples=["Souza"])

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        test = (self.field, self.op, self.value)
        forms = [self.all_of is not None, self.any_of is not None, any(part is not None for part in test)]
        if sum(forms) != 1 or (forms[2] and None in test):
            raise ValueError("write either and, or or, or all three of field, op and value")
        return self

    def tests(self) -> Iterator["Filter"]:
        several = self.all_of or self.any_of
        if several is None:
            yield self
        for each in several or ():
            yield from each.tests()


def parts(word: str) -> Any:
    """What holds the conditions that `and` or `or` joins."""
    return Field(None, alias=word, min_length=1, max_length=MOST_TESTS)


@dataclass(frozen=True)
class Searched:
    """How a field is tested: its column, and what it holds: a `str`, int, datetime, UUID or StrEnum.

    `whole` and `part` are how a text that is asked for is written there; `folded` is its column without
    accents and case. `apart` is the condition on the row for one, `{}`, on a column of another table.
    """

    column: str
    kind: Any = str
    folded: str = ""
    whole: Callable[[str], str] = str
    part: Callable[[str], str] = str
    apart: str = "{}"

    @property
    def has_an_order(self) -> bool:
        return self.kind in {datetime, int}


@dataclass
class Search:
    """A condition in SQL, and the values that it names."""

    fields: Mapping[Any, Searched]
    values: dict[str, Any] = field(default_factory=dict)

    def tree(self, wanted: Filter) -> str:
        """The condition of a tree. Invalid: it has too many tests, or one that makes no sense."""
        if sum(1 for _ in wanted.tests()) > MOST_TESTS:
            raise Invalid(f"a search has at most {MOST_TESTS} tests")
        return self._tree(wanted)

    def holds(self, folded: str, text: str) -> str:
        """The condition that a column, which is folded, holds all the words of a text."""
        words = text.split()[:MOST_WORDS]
        found = (f"position(folded({self.bind(word)}) in {folded}) > 0" for word in words)
        return f"({' and '.join(found) or 'false'})"

    def bind(self, value: Any, kind: str = "text") -> str:
        name = f"s{len(self.values)}"
        self.values[name] = value
        return f"cast(:{name} as {kind})"

    def _tree(self, wanted: Filter) -> str:
        several, word = (wanted.all_of, " and ") if wanted.all_of else (wanted.any_of, " or ")
        return f"({word.join(map(self._tree, several))})" if several else self._test(wanted)

    def _test(self, wanted: Filter) -> str:
        if wanted.field is None or wanted.op is None:
            raise Invalid("a test needs a field and an op")
        searched = self.fields[wanted.field]
        given = wanted.value if isinstance(wanted.value, list) else [wanted.value]
        if isinstance(wanted.value, list) is not (wanted.op is Operator.BETWEEN):
            raise Invalid("between takes a list of two values, and every other op takes one value")
        test = self._ordered if searched.has_an_order else self._alike
        return searched.apart.format(test(searched, wanted, given))

    def _ordered(self, searched: Searched, wanted: Filter, given: list[Any]) -> str:
        kind = "timestamptz" if searched.kind is datetime else "bigint"
        values = [self.bind(_read(searched, value), kind) for value in given]
        if len(values) == 2 and wanted.op is Operator.BETWEEN:  # noqa: PLR2004 - from and to
            return f"{searched.column} between {values[0]} and {values[1]}"
        if len(values) != 1 or wanted.op not in _SIGNS:
            raise Invalid(f"{wanted.field} can be searched by equals, gt or lt with one value, or between with two")
        return f"{searched.column} {_SIGNS[wanted.op]} {values[0]}"

    def _alike(self, searched: Searched, wanted: Filter, given: list[Any]) -> str:
        is_text = searched.kind is str
        if len(given) != 1 or wanted.op not in {Operator.EQUALS, *([Operator.CONTAINS] if is_text else [])}:
            ways = "equals or contains" if is_text else "equals"
            raise Invalid(f"{wanted.field} can be searched by {ways}, with one value")
        value = _read(searched, given[0])
        if wanted.op is Operator.EQUALS:
            return f"{searched.column} = {self.bind(value, 'uuid' if searched.kind is UUID else 'text')}"
        part = self.bind(searched.part(given[0]))
        asked = f"folded({part})" if searched.folded else part
        return f"position({asked} in {searched.folded or searched.column}) > 0"


class Asked(Protocol):
    """What the body of a search says."""

    query: str | None
    limit: int
    sort: str | None
    cursor: str | None

    @property
    def filter(self) -> Filter | None: ...


def searched_page(
    source: Source[V], fields: Mapping[Any, Searched], words: Callable[[Search, str], str], asked: Asked
) -> Page[V]:
    """A page of what holds the words, for which `words` makes the condition, and fits the tree."""
    search = Search(fields)
    conditions = [words(search, asked.query)] if asked.query and asked.query.strip() else []
    if asked.filter:
        conditions.append(search.tree(asked.filter))
    paging = PageQuery(limit=asked.limit, cursor=asked.cursor, page=None, sort=asked.sort)
    return page(source, paging, {}, where=" and ".join(conditions) or "true", **search.values)


def _read(searched: Searched, value: Any) -> Any:
    """A value as Postgres gets it. Invalid: it is none of that kind."""
    if (searched.kind is int) is not isinstance(value, int):
        raise Invalid(f"write {'a number' if searched.kind is int else 'a text'} as the value")
    if searched.kind is int:
        return value
    reads: dict[Any, Callable[[str], Any]] = {datetime: moment, str: searched.whole, UUID: read_id}
    try:
        return str(reads.get(searched.kind, searched.kind)(value))
    except (ValueError, OverflowError) as error:
        raise Invalid(_WANTED.get(searched.kind) or f"write one of {', '.join(searched.kind)}") from error


_WANTED = {datetime: "write a time as in 2026-01-31T12:00:00Z", UUID: "write an id"}
