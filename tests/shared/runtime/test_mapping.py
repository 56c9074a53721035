from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.dialects import postgresql

from shared.kernel.values import Email
from shared.runtime.mapping import _column


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Tail:
    color: Color
    length: int


DIALECT = postgresql.dialect()


def through(hint, value):
    """What Postgres is given for a value, and what comes back of it."""
    kind: Any = _column("x", hint).type
    given = kind.process_bind_param(value, DIALECT)
    return given, kind.process_result_value(given, DIALECT)


@pytest.mark.parametrize(
    ("hint", "type_name", "nullable"),
    [
        (UUID, "UUID", False),
        (UUID | None, "UUID", True),
        (str, "VARCHAR", False),
        (int | None, "BIGINT", True),
        (bool, "BOOLEAN", False),
        (datetime | None, "TIMESTAMP WITH TIME ZONE", True),
        (Color, "VARCHAR", False),
        (Email | None, "VARCHAR", True),
        (dict[str, int], "JSONB", False),
        (list[Tail], "JSONB", False),
        (Tail | None, "JSONB", True),
    ],
)
def test_a_columns_type_is_read_from_the_class(hint, type_name, nullable):
    column = _column("x", hint)
    assert column.type.compile(DIALECT) == type_name
    assert column.nullable is nullable
    assert not column.primary_key


def test_the_key_is_called_id():
    assert _column("id", UUID).primary_key


def test_checked_values_go_as_strings_and_come_back_checked():
    given, found = through(Color, Color.RED)
    assert (type(given), given, found) == (str, "red", Color.RED)
    given, found = through(Email, Email("ANA@example.com"))
    assert (given, type(found)) == ("ana@example.com", Email)
    assert through(Color, None) == (None, None)


def test_structured_values_go_as_json_and_come_back_as_they_were():
    tails = [Tail(Color.RED, 3)]
    assert through(list[Tail], tails) == ([{"color": "red", "length": 3}], tails)
    assert through(Tail, None) == (None, None)


@pytest.mark.parametrize("hint", [float, object, set[str], bytes])
def test_what_has_no_column_is_an_error(hint):
    with pytest.raises(TypeError, match="no column type is known"):
        _column("x", hint)
