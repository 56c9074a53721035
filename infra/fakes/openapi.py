"""Checking requests against an OpenAPI 3.1 document."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

BASE = "urn:openapi"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    id: str
    spec: Mapping[str, Any]
    values: Mapping[str, str]


class Contract:
    """The operations of one document; `check` says what is wrong with a request, in sentences.

    `hidden` are the fields, by schema, that are taken though the document does not tell of them. `document` is what it
    says, with what its generator got wrong put right.
    """

    def __init__(self, path: Path, *, hidden: Mapping[str, set[str]] | None = None) -> None:
        self.document = json.loads(path.read_text(encoding="utf-8"), object_hook=_mend)
        self._hidden = hidden or {}

    @cached_property
    def _registry(self) -> Registry[Any]:
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        return cast("Registry[Any]", Registry().with_resource(BASE, resource))

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
        """The fixed paths come before those with parameters."""
        paths = sorted(self.document["paths"].items(), key=lambda item: item[0].count("{"))
        return [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), spec) for path, spec in paths]

    def find(self, method: str, path: str) -> Operation | None:
        for pattern, spec in self._patterns:
            found = pattern.fullmatch(path)
            if found and method.lower() in spec:
                operation = spec[method.lower()]
                return Operation(id=operation["operationId"], spec=operation, values=found.groupdict())
        return None

    def check(self, operation: Operation, query: Mapping[str, str], body: object) -> list[str]:
        """List what is wrong; undeclared parameters and fields are wrong too, being misspelt ones."""
        return [*self._check_query(operation, query), *self._check_body(operation, body)]

    def _check_query(self, operation: Operation, query: Mapping[str, str]) -> Iterator[str]:
        declared = {each["name"]: each for each in operation.spec.get("parameters", []) if each["in"] == "query"}
        yield from (f"query {name} is not known" for name in query if name not in declared)
        for name, spec in declared.items():
            if name not in query and spec.get("required"):
                yield f"query {name} is required"
            elif name in query:
                yield from self._problems(spec["schema"], _typed(query[name], spec["schema"]), f"query {name}")

    def _check_body(self, operation: Operation, body: object) -> Iterator[str]:
        declared = operation.spec.get("requestBody")
        if declared is None:
            return
        schema = declared["content"]["application/json"]["schema"]
        yield from self._problems(schema, body, "body")
        known = self._fields(schema)
        if isinstance(body, dict) and known:
            yield from (f"body {name} is not known" for name in body if name not in known)

    def _fields(self, schema: Mapping[str, Any]) -> set[str]:
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        schema = self.document["components"]["schemas"][name] if name else schema
        return set(schema.get("properties", {})) | self._hidden.get(name, set())

    def _problems(self, schema: Mapping[str, Any], value: object, where: str) -> Iterator[str]:
        validator = Draft202012Validator(_absolute(schema), registry=self._registry)
        for error in validator.iter_errors(value):
            yield f"{where} {'.'.join(map(str, error.path))}: {error.message}".replace(" : ", ": ")


_SPELLED = {bool: "boolean", str: "string", int: "number", float: "number"}


def _mend(schema: dict[str, Any]) -> dict[str, Any]:
    """Say in JSON Schema 2020-12 what the document says in the words of OpenAPI 3.0, or says wrongly.

    What has a plain value by default is no object, though its generator did not find out what it is; nor are the
    things in a list whose example holds plain ones.
    """
    examples = schema.get("example")
    if schema.get("type") == "array" and schema.get("items") == {"type": "object"} and isinstance(examples, list):
        kinds = {type(each) for each in examples}
        schema["items"] = {"type": "string"} if kinds == {str} else schema["items"]
    if schema.get("type") == "object" and type(schema.get("default")) in _SPELLED:
        schema["type"] = _SPELLED[type(schema["default"])]
    if isinstance(schema.get("required"), bool) and "in" not in schema and "content" not in schema:
        schema.pop("required")
    if schema.pop("nullable", False) is True:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _absolute(schema: Any) -> Any:
    """Point references at the whole document, from wherever the schema is used."""
    if isinstance(schema, dict):
        return {
            name: BASE + value if name == "$ref" and isinstance(value, str) else _absolute(value)
            for name, value in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema


def _typed(raw: str, schema: Mapping[str, Any]) -> object:
    """Read a query value as the schema's type; what cannot be read stays text and fails."""
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(raw, raw)
    if schema.get("type") in {"number", "integer"} and re.fullmatch(r"-?\d+(\.\d+)?", raw):
        return float(raw) if "." in raw else int(raw)
    return raw
