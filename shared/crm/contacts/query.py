"""Searching contacts: words that a person remembers, and trees of conditions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from shared.kernel.errors import Invalid
from shared.runtime.parsing import Body
from shared.runtime.query import moment

MOST_WORDS = 10
MOST_TESTS = 50
FEWEST_DIGITS = 3
_ACCENTED = "ÁÀÂÃÄÅáàâãäåÇçÉÈÊËéèêëÍÌÎÏíìîïÑñÓÒÔÕÖóòôõöÚÙÛÜúùûüÝýÿ"
_PLAIN = "AAAAAAaaaaaaCcEEEEeeeeIIIIiiiiNnOOOOOoooooUUUUuuuuYyy"
_KNOWN = "exists (select from contact_identities i where i.tenant_id = c.tenant_id and i.contact_id = c.id and {})"


Text = Annotated[str, Field(max_length=200)]


class SearchField(StrEnum):
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    SOURCE = "source"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


class Operator(StrEnum):
    """`contains` is for texts, `gt`, `lt` and `between` are for times."""

    EQUALS = "equals"
    CONTAINS = "contains"
    GT = "gt"
    LT = "lt"
    BETWEEN = "between"


class ContactFilter(Body):
    """Either `and`, or `or`, or one test of a `field` by an `op`; `value` is two times for `between`, else a text."""

    all_of: list["ContactFilter"] | None = Field(None, alias="and", min_length=1, max_length=MOST_TESTS)
    any_of: list["ContactFilter"] | None = Field(None, alias="or", min_length=1, max_length=MOST_TESTS)
    field: SearchField | None = Field(None, examples=["name"])
    op: Operator | None = Field(None, examples=["contains"])
    value: Text | Annotated[list[Text], Field(max_length=2)] | None = Field(None, examples=["Souza"])

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        test = (self.field, self.op, self.value)
        forms = [self.all_of is not None, self.any_of is not None, any(part is not None for part in test)]
        if sum(forms) != 1 or (forms[2] and None in test):
            raise ValueError("write either and, or or, or all three of field, op and value")
        return self

    def tests(self) -> Iterator["ContactFilter"]:
        parts = self.all_of or self.any_of
        if parts is None:
            yield self
        for part in parts or ():
            yield from part.tests()


@dataclass
class Search:
    """A condition in SQL on the contacts `c`, and the values that it names."""

    values: dict[str, Any] = field(default_factory=dict)

    def words(self, text: str) -> str:
        """Contacts whose name holds all the words, or whose phone or e-mail holds the text."""
        words = text.split()[:MOST_WORDS]
        named = " and ".join(self._holds("c.name", word) for word in words)
        places = [f"({named})" if named else "false", self._email(text.strip())]
        digits = re.sub(r"[\s()+.-]", "", text)
        if digits.isdecimal() and len(digits) >= FEWEST_DIGITS:
            places.append(self._phone(digits))
        return f"({' or '.join(places)})"

    def tree(self, wanted: ContactFilter) -> str:
        """The condition of a tree. Invalid: it has too many tests, or one that makes no sense."""
        if sum(1 for _ in wanted.tests()) > MOST_TESTS:
            raise Invalid(f"a search has at most {MOST_TESTS} tests")
        return self._tree(wanted)

    def _tree(self, wanted: ContactFilter) -> str:
        parts, word = (wanted.all_of, " and ") if wanted.all_of else (wanted.any_of, " or ")
        return f"({word.join(map(self._tree, parts))})" if parts else self._test(wanted)

    def _test(self, wanted: ContactFilter) -> str:
        if wanted.field in {SearchField.CREATED_AT, SearchField.UPDATED_AT}:
            return self._time(wanted)
        if wanted.op not in {Operator.EQUALS, Operator.CONTAINS} or not isinstance(wanted.value, str):
            raise Invalid(f"{wanted.field} can be searched by equals or contains, with one text")
        holds = wanted.op is Operator.CONTAINS
        return self._text(str(wanted.field), wanted.value, holds=holds)

    def _text(self, name: str, value: str, *, holds: bool) -> str:
        if name in {SearchField.PHONE, SearchField.EMAIL}:
            return self._identity(name, value, holds=holds)
        return self._holds(f"c.{name}", value) if holds else f"c.{name} = {self._bind(value)}"

    def _identity(self, kind: str, value: str, *, holds: bool) -> str:
        if not holds:
            return _KNOWN.format(f"i.kind = '{kind}' and i.value = {self._bind(value.lower())}")
        return self._email(value) if kind == SearchField.EMAIL else self._phone(re.sub(r"\D", "", value) or value)

    def _email(self, text: str) -> str:
        return _KNOWN.format(f"i.kind = 'email' and position({self._bind(text.lower())} in i.value) > 0")

    def _phone(self, digits: str) -> str:
        return _KNOWN.format(f"i.kind = 'phone' and position({self._bind(digits)} in i.value) > 0")

    def _time(self, wanted: ContactFilter) -> str:
        column = f"c.{wanted.field}"
        given = wanted.value if isinstance(wanted.value, list) else [wanted.value or ""]
        moments = [self._bind(_moment(each), "timestamptz") for each in given]
        if len(moments) == 2 and wanted.op is Operator.BETWEEN:  # noqa: PLR2004 - from and to
            return f"{column} between {moments[0]} and {moments[1]}"
        signs = {Operator.EQUALS: "=", Operator.GT: ">", Operator.LT: "<"}
        if len(moments) != 1 or wanted.op not in signs:
            raise Invalid(f"{wanted.field} can be searched by equals, gt or lt with one time, or between with two")
        return f"{column} {signs[wanted.op]} {moments[0]}"

    def _holds(self, column: str, text: str) -> str:
        return f"position({_folded(self._bind(text))} in {_folded(column)}) > 0"

    def _bind(self, value: str, kind: str = "text") -> str:
        name = f"s{len(self.values)}"
        self.values[name] = value
        return f"cast(:{name} as {kind})"


def _folded(expression: str) -> str:
    """Without accents and case, in Postgres on both sides, so that both are folded alike."""
    return f"lower(translate(normalize({expression}, NFC), '{_ACCENTED}', '{_PLAIN}'))"


def _moment(text: str) -> str:
    try:
        return moment(text)
    except (ValueError, OverflowError) as error:
        raise Invalid("write a time as in 2026-01-31T12:00:00Z") from error
