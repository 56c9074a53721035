"""What an operation takes: ids in its path, its query, its filters, a provider's signature, its body."""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args, get_origin, get_type_hints

from infra.documents.examples import Examples
from infra.documents.schemas import Json, Models, without_null
from shared.runtime.declarations import Routed
from shared.runtime.http import Endpoint
from shared.runtime.query import Page, Source
from shared.runtime.webhook import Webhook

HEX_512 = r"^[0-9a-f]{128}$"
# What each provider signs its deliveries with, and what it delivers.
SIGNATURES: dict[str, list[Json]] = {
    "waha": [
        {
            "name": "X-Webhook-Hmac",
            "in": "header",
            "required": True,
            "description": "HMAC SHA-512 of the raw body under the channel's HMAC key, in lower-case hex.",
            "schema": {"type": "string", "pattern": HEX_512},
        },
        {
            "name": "X-Webhook-Hmac-Algorithm",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "pattern": "^sha512$"},
        },
    ],
}
DELIVERIES: dict[str, Json] = {
    "waha": {
        "id": "evt_01aaaaaaaaaaaaaaaaaaaaaaaa",
        "event": "message",
        "session": "default",
        "engine": "NOWEB",
        "payload": {"id": "false_5511912345678@c.us_3EB0", "from": "5511912345678@c.us", "body": "Bom dia!"},
    },
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of your own for this request: sent again under it within a day, it is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "Change it only if it is still of this version, or one of these; `ETag` and `version` show it.",
    "schema": {
        "anyOf": [
            {"type": "string", "pattern": r'^("\d{1,10}"|\*)$'},
            {"type": "string", "pattern": r'^"\d{1,10}"( ?, ?"\d{1,10}")+$'},
        ]
    },
    "example": '"3"',
}
# What Postgres takes for a whole number.
WHOLE = {"minimum": -(2**63) + 1, "maximum": 2**63 - 1}
COMPARISONS = {"gt": "greater than", "gte": "at least", "lt": "less than", "lte": "at most"}


def parameters(declared: Routed, models: Models) -> list[Json]:
    """Everything but the body, in the order path, query, filters, headers."""
    found = list(_path(declared, models))
    if "query" in declared.types:
        found += _query(declared, models)
    if "filters" in declared.types:
        found += _filters(declared, models)
    if isinstance(declared, Webhook):
        found += SIGNATURES[declared.provider]
    if isinstance(declared, Endpoint):
        found += [*([IDEMPOTENCY_KEY] if declared.takes_key else []), *([IF_MATCH] if declared.takes_version else [])]
    return found


def _path(declared: Routed, models: Models) -> Iterator[Json]:
    for name in declared.path.split("{")[1:]:
        key = name.partition("}")[0]
        schema = models.of(declared.types[key], "validation")
        example = Examples(models).of(schema, key)
        yield {"name": key, "in": "path", "required": True, "schema": schema, "example": example}


def _query(declared: Routed, models: Models) -> Iterator[Json]:
    model = models.resolved(models.of(declared.types["query"], "validation"))
    for name, raw in model["properties"].items():
        schema = without_null(raw)
        description = {"description": schema.pop("description")} if "description" in schema else {}
        if name == "sort" and get_origin(declared.types["return"]) is Page:
            schema = _sorts(source_of(declared))
        yield {
            "name": name,
            "in": "query",
            "required": name in model.get("required", []),
            **description,
            "schema": schema,
        }


def _sorts(source: Source[Any]) -> Json:
    return {"type": "string", "pattern": source.ways(), "default": source.default_sort}


def _filters(declared: Routed, models: Models) -> Iterator[Json]:
    source = source_of(declared)
    fields = models.resolved(models.of(source.view, "serialization"))["properties"]
    hints = get_type_hints(source.view)
    for name in source.filters:
        schema = without_null(fields[name])
        schema = {**schema, **WHOLE} if _kind(hints[name]) is int else schema
        yield _filter(name, "", "equals", schema)
        if _kind(hints[name]) in {datetime, int}:
            yield from (_filter(name, f"[{operator}]", meaning, schema) for operator, meaning in COMPARISONS.items())
        elif _kind(hints[name]) is str:
            yield _filter(name, "[contains]", "contains, in upper or lower case", {"type": "string"})


def _filter(name: str, operator: str, meaning: str, schema: Json) -> Json:
    return {
        "name": f"filter[{name}]{operator}",
        "in": "query",
        "required": False,
        "description": f"Only those whose {name} {'is ' if operator in _BRACKETED else ''}{meaning} this.",
        "schema": schema,
    }


_BRACKETED = {f"[{operator}]" for operator in COMPARISONS}


def _kind(hint: Any) -> Any:
    """The plain type of a field that may be missing."""
    return next((part for part in get_args(hint) if part is not type(None)), hint)


def source_of(declared: Routed) -> Source[Any]:
    """Find the source that a list reads: the one of its view that the handler names, or that stands beside the view.

    TypeError: there is none or more than one.
    """
    view = get_args(declared.types["return"])[0]
    names = declared.handler.__code__.co_names
    for scope in (
        {name: declared.handler.__globals__.get(name) for name in names},
        vars(sys.modules[view.__module__]),
    ):
        found = {id(each): each for each in scope.values() if isinstance(each, Source) and each.view is view}
        if len(found) == 1:
            return next(iter(found.values()))
    raise TypeError(f"{declared.name} must name one Source of {view.__name__}, or {view.__module__} must hold just one")


def _shown(schema: Json, models: Models) -> Json:
    """An example of a body; of one that may be of several kinds, one of each, and what tells them apart."""
    examples = Examples(models, brief=True)
    if "oneOf" not in schema:
        return {"example": examples.of(schema)}
    options = [models.resolved(each)["properties"] for each in schema["oneOf"]]
    teller = next(name for name in options[0] if all("const" in each.get(name, {}) for each in options))
    kinds = {each[teller]["const"]: place for each, place in zip(options, schema["oneOf"], strict=True)}
    told_apart = {"propertyName": teller, "mapping": {name: each["$ref"] for name, each in kinds.items()}}
    return {
        "schema": {**schema, "discriminator": told_apart},
        "examples": {name: {"value": examples.of(each)} for name, each in kinds.items()},
    }


def body(declared: Routed, models: Models) -> Json:
    """The request body of an operation; nothing when it takes none."""
    required = not getattr(declared.types.get("body"), "may_be_missing", False)
    if isinstance(declared, Webhook):
        content = {"schema": {"type": "object"}, "example": DELIVERIES[declared.provider]}
    elif "body" in declared.types:
        schema = models.of(declared.types["body"], "validation")
        content = {"schema": schema, **_shown(schema, models)}
    else:
        return {}
    return {"requestBody": {"required": required, "content": {"application/json": content}}}
