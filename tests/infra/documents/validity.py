"""What makes an OpenAPI 3.1 document a good one, each breach as a sentence."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from infra.openapi import operations

METHODS = {"get", "put", "post", "delete", "patch"}


def breaches(document: dict[str, Any]) -> list[str]:
    """The breaches of the first rule that has any: the later ones stand on the earlier."""
    rules = (frame, unique_ids, references, path_parameters, schemas, examples, security)
    return next((found for rule in rules if (found := list(rule(document)))), [])


def frame(document: dict[str, Any]) -> Iterator[str]:
    """The few fields the specification demands, and no others."""
    if document["openapi"] != "3.1.0" or not {"title", "version"} <= document["info"].keys():
        yield "openapi or info is not as it must be"
    for key in document.keys() - {"openapi", "info", "servers", "tags", "paths", "components"}:
        yield f"{key} is not a field of a document"
    for path, methods in document["paths"].items():
        if not path.startswith("/") or not methods.keys() <= METHODS:
            yield f"{path} is not a path with methods"
    for each in operations(document):
        if not each["responses"] or not all(re.fullmatch(r"[1-5]\d\d", status) for status in each["responses"]):
            yield f"{each['operationId']} has no responses"
        if not {tag["name"] for tag in document["tags"]} >= set(each["tags"]):
            yield f"{each['operationId']} has a tag that is not listed"


def unique_ids(document: dict[str, Any]) -> Iterator[str]:
    counted = Counter(each["operationId"] for each in operations(document))
    yield from (f"{name} stands for {times} operations" for name, times in counted.items() if times > 1)


def references(document: dict[str, Any]) -> Iterator[str]:
    for found in _values(document, "$ref"):
        value: Any = document
        for part in found.removeprefix("#/").split("/"):
            value = value.get(part, {})
        if not value:
            yield f"{found} leads nowhere"


def path_parameters(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for each in methods.values():
            given = each.get("parameters", [])
            declared = {one["name"] for one in given if one["in"] == "path" and one["required"] is True}
            if declared != set(re.findall(r"{(\w+)}", path)):
                yield f"{each['operationId']} declares {sorted(declared)} for {path}"
            for name, times in Counter((one["in"], one["name"]) for one in given).items():
                if times > 1:
                    yield f"{each['operationId']} declares {name} {times} times"


def schemas(document: dict[str, Any]) -> Iterator[str]:
    for schema in (*_values(document["paths"], "schema"), *document["components"]["schemas"].values()):
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            yield f"{schema} is no schema: {error.message}"


def examples(document: dict[str, Any]) -> Iterator[str]:
    """Whatever has a schema and an example must agree with itself; JSON bodies must have one."""
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Any = Registry().with_resource("urn:document", resource)
    for content in _values(document, "application/json"):
        if content and not content.keys() & {"example", "examples"}:
            yield f"{content} has no example"
    for holder in _holders(document):
        schema = _absolute(holder["schema"])
        validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
        yield from (f"{holder['example']}: {error.message}" for error in validator.iter_errors(holder["example"]))


def security(document: dict[str, Any]) -> Iterator[str]:
    schemes = document["components"]["securitySchemes"].keys()
    for each in operations(document):
        if not {name for choice in each["security"] for name in choice} <= schemes:
            yield f"{each['operationId']} names a security scheme that is not there"
        if (not each["security"]) != (each["x-role"] in {"public", "signed"}):
            yield f"{each['operationId']}: x-role and security disagree"


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: f"urn:document{value}" if key == "$ref" else _absolute(value) for key, value in schema.items()}
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema


def _holders(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"schema", "example"} <= value.keys():
            yield value
        if {"schema", "examples"} <= value.keys():
            yield from ({**value, "example": each["value"]} for each in value["examples"].values())
        for inner in value.values():
            yield from _holders(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _holders(inner)


def _values(value: Any, key: str) -> Iterator[Any]:
    """Everything that stands under a key, however deep, but in examples, which may hold anything."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for name, inner in value.items():
            yield from () if name == "example" else _values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, key)
