"""What a caller sent, read strictly: JSON without tricks, ids in one spelling, known parameters only."""

import json
import os
import re
from datetime import datetime
from math import isfinite
from typing import Annotated, Any, ClassVar
from urllib.parse import unquote_to_bytes

from flask import Request
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.kernel.errors import BadRequest
from shared.runtime.incoming import raw_body
from shared.runtime.plain import plain_json
from shared.runtime.query import moment

# It would look through everything that is installed for plugins, and we have none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
DEEPEST = 64
LONGEST_STEP = 80  # of what is repeated to the caller of a name that came with the body
_DIGITS = re.compile("0|[1-9][0-9]{0,3}")


_adapters: dict[Any, TypeAdapter[Any]] = {}


def adapter(kind: Any) -> TypeAdapter[Any]:
    """The reader and writer of a type, made once."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def as_json(value: Any) -> str:
    """What we write ourselves, as compact JSON: ids, times and dataclasses included."""
    return to_json(value).decode()


class Body(BaseModel):
    """Base of every request body: unknown fields are refused and nothing is converted on the quiet.

    One that `may_be_missing` is as if it had no fields when nothing was sent.
    """

    may_be_missing: ClassVar[bool] = False

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=False)

    def given(self) -> dict[str, Any]:
        """The fields that were sent, by name: what a PATCH changes."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def unsent() -> Any:
    """For a PATCH: `name: Name = Field(default_factory=unsent)` may be left out, but not be null."""
    return None


def read_body(request: Request, kind: Any) -> Any:
    """The body as the declared model; raises BadRequest for what is no JSON, ValidationError for what does not fit."""
    body = raw_body(request)
    if not body and getattr(kind, "may_be_missing", False):
        return kind()
    check_json(body)
    return adapter(kind).validate_json(body)


def check_json(body: bytes) -> None:
    """Refuse what JSON readers disagree about: duplicate keys, NaN, lone surrogates, NUL, great depth."""
    try:
        _check(plain_json(body), 0)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON that can be accepted: {_reason(error)}", code="bad_json") from error


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and not isfinite(value):
        raise ValueError("a number is too large")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


def _check_text(value: str) -> None:
    if "\0" in value:
        raise ValueError("a text holds a NUL character")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("a text holds half a surrogate pair")


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "it is not UTF-8 JSON" if isinstance(error, (UnicodeDecodeError, json.JSONDecodeError)) else str(error)


def _in_digits(value: Any) -> Any:
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("write a whole number in digits")
    return value


# Of a number in a query, where it comes as a text.
IN_DIGITS = BeforeValidator(_in_digits)


def _in_rfc_3339(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(moment(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("write a time with its zone, as in 2026-01-31T12:00:00Z") from error


# Of a time in a body: one way to write it, of the many that readers of times understand.
Moment = Annotated[AwareDatetime, BeforeValidator(_in_rfc_3339)]


def read_query(request: Request, kind: Any) -> tuple[Any, dict[str, str]]:
    """The declared query parameters, and the `filter[...]` ones apart; each may be given once."""
    _check_spelling(request.query_string)
    plain: dict[str, str] = {}
    filters: dict[str, str] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise BadRequest(f"{name[:40]} is given {len(values)} times", code="bad_parameter")
        (filters if name.startswith("filter[") else plain)[name] = values[0]
    try:
        return adapter(kind).validate_python(plain), filters
    except ValidationError as error:
        raise BadRequest("a query parameter is not as it must be; see details", details=problems(error)) from error


def _check_spelling(query: bytes) -> None:
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8", code="bad_parameter") from error


def problems(error: ValidationError) -> dict[str, Any]:
    """What is wrong with each field; the values themselves are not repeated."""
    found = error.errors(include_input=False, include_url=False, include_context=False)[:20]
    return {"fields": [{"field": _place(each["loc"]), "problem": each["msg"]} for each in found]}


def _place(path: tuple[int | str, ...]) -> str:
    """Where in the body it stands; which of several kinds the body is, as in `<image>`, is no place."""
    return ".".join(step[:LONGEST_STEP] for step in map(str, path) if not step.startswith("<"))
