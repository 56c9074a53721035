"""JSON Schemas of the types that endpoints and events name, made by pydantic in one go so that names cannot clash."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from shared.runtime.parsing import adapter

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
PLACE = "#/components/schemas/"


class Generator(GenerateJsonSchema):
    """Says what is on the wire: an answer holds all its fields, and a field's name needs no title."""

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: FBT001 - pydantic's signature
        return self.mode == "serialization" or super().field_is_required(field, total)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as above
        return False


class Models:
    """The schemas of some types, and the shared definitions these refer to."""

    def __init__(self, wanted: Iterable[tuple[Any, Mode]]) -> None:
        inputs = [(kind, mode, adapter(kind)) for kind, mode in dict.fromkeys(wanted)]
        try:
            found, shared = type(adapter(int)).json_schemas(
                inputs, ref_template=PLACE + "{model}", schema_generator=Generator
            )
        except PydanticUserError as error:
            raise TypeError(f"a type of the API cannot be described: {error}") from error
        self._schemas = found
        self.definitions: Json = dict(sorted(shared.get("$defs", {}).items()))

    def of(self, kind: Any, mode: Mode) -> Json:
        """The schema of one type; a reference when it is a shared definition."""
        return dict(self._schemas[kind, mode])

    def resolved(self, schema: Json) -> Json:
        """The schema itself, where only a reference to it is given."""
        while "$ref" in schema:
            schema = {**self.definitions[schema["$ref"].removeprefix(PLACE)], **_without(schema, "$ref")}
        return schema


def without_null(schema: Json) -> Json:
    """What a value is when it is given: no null, and no null as default."""
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = schema if schema.get("default", ...) is not None else _without(schema, "default")
    if len(choices) == 1:
        return {**choices[0], **_without(rest, "anyOf")}
    return {**rest, "anyOf": choices} if choices else rest


def references(value: Any) -> set[str]:
    """The names of the definitions that something refers to."""
    if isinstance(value, dict):
        own = {value["$ref"].removeprefix(PLACE)} if str(value.get("$ref", "")).startswith(PLACE) else set()
        return own.union(*map(references, value.values()))
    if isinstance(value, list):
        return set().union(*map(references, value))
    return set()


def reachable(definitions: Json, value: Any) -> Json:
    """The definitions that something refers to, itself or through others, in order of name."""
    needed, waiting = set[str](), references(value)
    while waiting:
        needed |= waiting
        waiting = set().union(*(references(definitions[name]) for name in waiting)) - needed
    return {name: definitions[name] for name in sorted(needed)}


def _without(schema: Json, *keys: str) -> Json:
    return {key: value for key, value in schema.items() if key not in keys}
