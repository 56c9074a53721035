"""Checked strings: value objects that stay plain strings in JSON, SQL and logs."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self


class Text(str):
    """A string that cannot exist unless `check` accepted it; `described` is what a JSON Schema says of it."""

    __slots__ = ()

    described: ClassVar[Mapping[str, Any]] = {}

    def __new__(cls, raw: str) -> Self:
        return super().__new__(cls, cls.check(raw))

    @classmethod
    def check(cls, raw: str) -> str:
        return raw

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(max_length=2048), serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), **cls.described}


def clean(raw: str) -> str:
    """Replace what Postgres refuses (NUL, lone surrogates) by U+FFFD; a provider's message is never lost for them."""
    if raw.isascii():
        return raw.replace("\0", "\ufffd")
    return raw.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
