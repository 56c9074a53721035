"""Searching contacts: words that a person remembers, and trees of conditions."""

import re
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from shared.crm.contacts.model import ContactSource, Qualification
from shared.crm.contacts.view import known
from shared.runtime.search import Filter, Search, Searched, parts

FEWEST_DIGITS = 3


class SearchField(StrEnum):
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    SOURCE = "source"
    SCORE = "score"
    QUALIFICATION = "qualification"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


class ContactFilter(Filter):
    """Either `and`, or `or`, or one test of a `field` by an `op`.

    `value` is two values for `between`; a number for the score, else a text.
    """

    all_of: list["ContactFilter"] | None = parts("and")
    any_of: list["ContactFilter"] | None = parts("or")
    field: SearchField | None = Field(None, examples=["name"])


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text) or text


def _e164(text: str) -> str:
    return f"+{_digits(text)}"


FIELDS = {
    SearchField.NAME: Searched("c.name", folded="c.name_folded"),
    SearchField.PHONE: Searched("i.value", whole=_e164, part=_digits, apart=known("phone", "{}")),
    SearchField.EMAIL: Searched("i.value", whole=str.lower, part=str.lower, apart=known("email", "{}")),
    SearchField.SOURCE: Searched("c.source", ContactSource),
    SearchField.SCORE: Searched("c.score", int),
    SearchField.QUALIFICATION: Searched("c.qualification", Qualification),
    SearchField.CREATED_AT: Searched("c.created_at", datetime),
    SearchField.UPDATED_AT: Searched("c.updated_at", datetime),
}


def words(search: Search, text: str) -> str:
    """The contacts `c` whose name holds all the words, or whose phone or e-mail holds the text."""
    email = f"position({search.bind(text.strip().lower())} in i.value) > 0"
    places = [search.holds("c.name_folded", text), known("email", email)]
    digits = re.sub(r"[\s()+.-]", "", text)
    if digits.isdecimal() and len(digits) >= FEWEST_DIGITS:
        places.append(known("phone", f"position({search.bind(digits)} in i.value) > 0"))
    return f"({' or '.join(places)})"
