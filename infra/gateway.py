"""`infra gateway`: the API as the public gateway must know it, a template that Terraform fills with addresses.

The full description (`infra openapi`) says far more than a gateway reads, and in a version that it takes as a preview.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra import generated, manifest
from infra.environment import ROOT

FILE = ROOT / "infra/gateway.json"
Json = dict[str, Any]
Entry = Mapping[str, Any]


class GatewayError(Exception):
    """Two paths are one to the gateway, which does not look at the names of parameters."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    generated.add_check(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        fresh = document(manifest.manifest()["functions"])
    except (manifest.ManifestError, GatewayError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.check:
        known = json.loads(FILE.read_text()) if FILE.exists() else {"paths": {}}
        return generated.verdict(FILE, generated.differences(parts(known), parts(fresh)), "gateway")
    FILE.write_text(json.dumps(fresh, indent=1) + "\n")
    print(f"{generated.shown(FILE)}: {len(fresh['paths'])} paths")
    return 0


def document(functions: Iterable[Entry]) -> Json:
    """Describe every public path in OpenAPI 2.0, with `${function}` where that function's address belongs."""
    known = list(functions)
    preflight = next((each["name"] for each in known if each["kind"] == "preflight"), None)
    paths: Json = {}
    for each in sorted((each for each in known if "path" in each["trigger"]), key=_place):
        path = paths.setdefault(each["trigger"]["path"], {})
        path[each["trigger"]["method"].lower()] = _operation(each["name"], each)
    _refuse_twins(paths)
    if preflight:
        for path in paths.values():
            first = next(iter(path.values()))["operationId"]
            path["options"] = _operation(f"{preflight}_{first}", _named(known, preflight))
    return {
        "swagger": "2.0",
        "info": {"title": "Ventros CRM", "version": "v1"},
        "schemes": ["https"],
        "produces": ["application/json"],
        "paths": {path: {**operations, **_parameters(path)} for path, operations in paths.items()},
    }


def _place(entry: Entry) -> tuple[str, str]:
    return entry["trigger"]["path"], entry["trigger"]["method"]


def _named(functions: Iterable[Entry], name: str) -> Entry:
    return next(each for each in functions if each["name"] == name)


def _operation(operation_id: str, function: Entry) -> Json:
    return {
        "operationId": operation_id,
        "x-google-backend": {
            "address": f"${{{function['name']}}}",
            "path_translation": "APPEND_PATH_TO_ADDRESS",
            "deadline": float(function["timeout"]),
        },
        "responses": {"default": {"description": "What the function answers."}},
    }


def _parameters(path: str) -> Json:
    names = re.findall(r"{(\w+)}", path)
    listed = [{"name": name, "in": "path", "required": True, "type": "string"} for name in names]
    return {"parameters": listed} if listed else {}


def _refuse_twins(paths: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for path in paths:
        shape = re.sub(r"{\w+}", "{}", path)
        if seen.setdefault(shape, path) != path:
            raise GatewayError(f"{seen[shape]} and {path} are one path to the gateway: name their parameters alike.")


def operations(described: Json) -> Iterator[Json]:
    for path in described["paths"].values():
        yield from (operation for method, operation in path.items() if method != "parameters")


def parts(described: Json) -> Json:
    """Take it apart for a comparison: each path, and the rest as one."""
    return {**described["paths"], "what is not a path": {**described, "paths": None}}
