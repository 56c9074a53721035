"""`infra openapi`: the OpenAPI 3.1 description of the API, read from the declarations."""

import argparse
import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from infra import generated, manifest
from infra.documents.answers import DEFINITIONS, HEADERS, answered, answers, error_responses, pages
from infra.documents.breaks import breaks
from infra.documents.links import add_links
from infra.documents.parameters import body, parameters, source_of
from infra.documents.schemas import Json, Mode, Models, reachable
from infra.environment import ROOT
from shared.runtime.declarations import Declaration, Kind, Routed
from shared.runtime.http import Role
from shared.runtime.identity import Access

# It is served by a function, so it lies where functions may read.
FILE = ROOT / "shared/runtime/documents/openapi.json"
DESCRIPTION = """\
A CRM for companies that sell and support over WhatsApp.

Sign in with `POST /api/v1/auth/login` and send `Authorization: Bearer <token>`, or send an API key in `X-API-Key`.
Lists answer `{data, paging, meta}`: give `paging.next` back as `cursor` to go on. Every error has the shape
`{error: {code, message, details, request_id}}`; an id that belongs to another tenant is answered as one that does
not exist."""
SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token from sign-in."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key made by an admin."},
    "service": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token that the operator makes with `infra service-token`.",
    },
}


# What callers were last promised: what breaks it is told.
RELEASED = ROOT / "infra/documents/released.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    generated.add_check(parser)
    parser.add_argument("--release", action="store_true", help="promise callers the API as it is now")


def run(arguments: argparse.Namespace) -> int:
    try:
        fresh = document(manifest.declarations())
    except manifest.ManifestError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.check:
        committed = json.loads(FILE.read_text()) if FILE.exists() else {}
        old = generated.verdict(FILE, generated.differences(parts(committed), parts(fresh)), "openapi")
        return kept(json.loads(RELEASED.read_text()), fresh) or old
    FILE.write_text(json.dumps(fresh, indent=1, ensure_ascii=False) + "\n")
    print(f"{generated.shown(FILE)}: {len(list(operations(fresh)))} operations")
    if arguments.release:
        RELEASED.write_text(json.dumps(promised(fresh), indent=1, ensure_ascii=False) + "\n")
    return 0


def kept(released: Json, fresh: Json) -> int:
    """Print what callers were promised and would no longer find, and return the exit code."""
    if found := breaks(released, fresh):
        lines = "".join(f"  {line}\n" for line in found)
        advice = "Mend it, or run `python3 -m infra openapi --release` and say in the commit who has to change what."
        sys.stderr.write(f"This breaks what callers were promised in {generated.shown(RELEASED)}:\n{lines}{advice}\n")
        return 1
    return 0


def promised(value: Any) -> Any:
    """The part of a description that callers' programs rest on: without words for people, examples and links."""
    if isinstance(value, list):
        return [promised(each) for each in value]
    if not isinstance(value, dict):
        return value
    spoken = {key for key in ("description", "summary", "title", "tags") if isinstance(value.get(key), str | list)}
    is_schema = isinstance(value.get("type"), str | list)
    shown = {"example", "examples", "links"} if is_schema or value.keys() & {"schema", "content"} else set()
    return {key: promised(inner) for key, inner in value.items() if key not in spoken | shown}


def document(declared: Iterable[Declaration]) -> Json:
    """Describe every routed function; the same declarations always give the same document."""
    routed = sorted((each for each in declared if isinstance(each, Routed)), key=lambda each: (each.path, each.name))
    models = Models(pair for each in routed for pair in types_of(each))
    paths: Json = {}
    for each in routed:
        paths.setdefault(each.path, {})[each.method.lower()] = operation(each, models)
    add_links(paths, routed)
    definitions = {**models.definitions, **DEFINITIONS, **pages(routed, models)}
    responses = error_responses()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ventros CRM", "version": "v1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({tag(each) for each in routed})],
        "paths": paths,
        "components": {
            "schemas": reachable(definitions, [paths, responses]),
            "responses": responses,
            "headers": HEADERS,
            "securitySchemes": SECURITY,
        },
    }


def types_of(declared: Routed) -> Iterator[tuple[Any, Mode]]:
    """The types whose schemas an operation's description needs."""
    types = declared.types
    yield from ((types[name], "validation") for name in ("query", "body") if name in types and types[name] is not bytes)
    yield from ((types[name], "validation") for name in sorted(declared.placeholders()))
    view = answered(types["return"]) if declared.kind is Kind.ENDPOINT else None
    if view is not None:
        yield view, "serialization"
    if "filters" in types:
        yield source_of(declared).view, "serialization"


def operation(declared: Routed, models: Models) -> Json:
    summary, _, rest = (inspect.getdoc(declared.handler) or "").partition("\n")
    described = {"description": rest.strip()} if rest.strip() else {}
    taken = parameters(declared, models)
    return {
        "operationId": declared.name,
        "summary": summary,
        **described,
        "tags": [tag(declared)],
        "x-role": role(declared),
        "security": credentials(declared),
        **({"parameters": taken} if taken else {}),
        **body(declared, models),
        "responses": answers(declared, models),
    }


def credentials(declared: Routed) -> list[Json]:
    """What a caller may sign in with, one or the other."""
    if declared.allow is Access.SERVICE:
        return [{"service": []}]
    return [{"bearer": []}, {"apiKey": []}] if isinstance(declared.allow, Role) else []


def tag(declared: Routed) -> str:
    """Where the function lives, without the outermost folder and itself: `crm contacts`."""
    return " ".join(declared.module.split(".")[1:-1])


def role(declared: Routed) -> str:
    if declared.kind is Kind.WEBHOOK:
        return "signed"
    return declared.allow.value if isinstance(declared.allow, Access) else declared.allow.name.lower()


def operations(document: Json) -> Iterator[Json]:
    for methods in document.get("paths", {}).values():
        yield from methods.values()


def parts(document: Json) -> Json:
    """The document's parts by names that say what differs."""
    components = {
        f"{kind} {name}": value
        for kind, group in document.get("components", {}).items()
        for name, value in group.items()
    }
    routes = {
        each["operationId"]: (path, method, each)
        for path, methods in document.get("paths", {}).items()
        for method, each in methods.items()
    }
    rest = {key: value for key, value in document.items() if key not in {"paths", "components"}}
    return {**rest, **components, **routes}
