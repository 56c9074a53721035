import copy
import json
from argparse import Namespace

import pytest

from infra import openapi
from infra.documents.breaks import breaks

OLD = {
    "paths": {
        "/things": {
            "get": {
                "operationId": "list_things",
                "x-role": "viewer",
                "security": [{"bearer": []}],
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                    {"name": "kind", "in": "query", "schema": {"$ref": "#/components/schemas/Kind"}},
                ],
                "responses": {
                    "200": {
                        "headers": {"ETag": {}},
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["data"],
                                    "properties": {
                                        "data": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
                                    },
                                }
                            }
                        },
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                },
            },
            "post": {
                "operationId": "create_thing",
                "x-role": "agent",
                "security": [],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}},
                },
                "responses": {"201": {"content": {"application/json": {"schema": {"type": "object"}}}}},
            },
        },
        "/health": {"get": {"operationId": "get_health", "responses": {"204": {}}}},
    },
    "components": {
        "schemas": {
            "Kind": {"type": "string", "enum": ["big", "small"]},
            "Thing": {
                "type": "object",
                "required": ["id", "name", "note"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "name": {"type": "string"},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "weight": {"type": "number"},
                },
            },
            "NewThing": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 100},
                    "kind": {"anyOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/NewThing"}},
                },
            },
        },
        "responses": {"NotFound": {"content": {"application/json": {"schema": {"type": "object"}}}}},
    },
}
LIST, CREATE = "GET /things", "POST /things"


def thing(it):
    return it["components"]["schemas"]["Thing"]


def new_thing(it):
    return it["components"]["schemas"]["NewThing"]


def operation(it, method="get"):
    return it["paths"]["/things"][method]


def parameter(it, number):
    return operation(it)["parameters"][number]


BROKEN = {
    "a path": (lambda it: it["paths"].pop("/health"), "/health is gone, with GET"),
    "an operation": (lambda it: it["paths"]["/things"].pop("get"), f"{LIST} is gone"),
    "a name": (
        lambda it: operation(it).update(operationId="find_things"),
        f"{LIST}: it was named list_things and is named find_things",
    ),
    "a role": (
        lambda it: operation(it).update({"x-role": "admin"}),
        f"{LIST}: it was for viewer and needs the role admin",
    ),
    "a credential": (
        lambda it: operation(it, "post").update(security=[{"bearer": []}]),
        f"{CREATE}: it needs a credential now",
    ),
    "a parameter": (lambda it: operation(it)["parameters"].pop(1), f"{LIST}: the query parameter kind is gone"),
    "a parameter that must be given": (
        lambda it: parameter(it, 0).update(required=True),
        f"{LIST}: the query parameter limit is required now",
    ),
    "a new parameter that must be given": (
        lambda it: operation(it)["parameters"].append({"name": "q", "in": "query", "required": True, "schema": {}}),
        f"{LIST}: the query parameter q is new and required",
    ),
    "a stricter limit": (
        lambda it: parameter(it, 0)["schema"].update(maximum=50),
        f"{LIST}: the query parameter limit has the maximum 50, which was 100",
    ),
    "a new limit": (
        lambda it: new_thing(it)["properties"]["name"].update(minLength=3),
        f"{CREATE}: the body.name has the minLength 3, which was not limited",
    ),
    "a pattern": (
        lambda it: new_thing(it)["properties"]["name"].update(pattern="^x"),
        f"{CREATE}: the body.name must fit the pattern ^x, which was not asked",
    ),
    "a pattern that a word does not fit": (
        lambda it: it["components"]["schemas"].update(Kind={"type": "string", "pattern": "^big"}),
        f"{LIST}: the query parameter kind must fit the pattern ^big, which was not asked",
    ),
    "a word that may be sent": (
        lambda it: it["components"]["schemas"]["Kind"].update(enum=["big"]),
        f"{LIST}: the query parameter kind no longer takes small",
    ),
    "a new required field": (
        lambda it: (new_thing(it)["required"].append("size"), new_thing(it)["properties"].update(size={})),
        f"{CREATE}: the body.size is new and required",
    ),
    "a field that must be sent": (
        lambda it: new_thing(it)["required"].append("parts"),
        f"{CREATE}: the body.parts is required now",
    ),
    "a field that could be sent": (
        lambda it: new_thing(it)["properties"].pop("parts"),
        f"{CREATE}: the body.parts is no longer taken",
    ),
    "a null that could be sent": (
        lambda it: new_thing(it)["properties"].update(kind={"$ref": "#/components/schemas/Kind"}),
        f"{CREATE}: the body.kind no longer takes null",
    ),
    "a retyped field that is sent": (
        lambda it: new_thing(it)["properties"]["name"].update(type="integer"),
        f"{CREATE}: the body.name was string and is integer",
    ),
    "a body": (lambda it: operation(it, "post").pop("requestBody"), f"{CREATE}: no body is taken any more"),
    "a status": (lambda it: operation(it)["responses"].pop("404"), f"{LIST}: the answer 404 is gone"),
    "a header": (
        lambda it: operation(it)["responses"]["200"].pop("headers"),
        f"{LIST}: the answer 200 has no ETag any more",
    ),
    "a content type": (
        lambda it: it["components"]["responses"]["NotFound"].update(content={"text/html": {}}),
        f"{LIST}: the answer 404 can no longer be application/json",
    ),
    "a field of an answer": (
        lambda it: thing(it)["properties"].pop("name"),
        f"{LIST}: the answer 200.data[].name is gone",
    ),
    "a field that is always answered": (
        lambda it: thing(it)["required"].remove("name"),
        f"{LIST}: the answer 200.data[].name may be missing now",
    ),
    "a retyped field of an answer": (
        lambda it: thing(it)["properties"].update(name={"type": "array", "items": {"type": "string"}}),
        f"{LIST}: the answer 200.data[].name was string and is array",
    ),
    "a whole number that is one no more": (
        lambda it: thing(it)["properties"].update(weight={"type": "string"}),
        f"{LIST}: the answer 200.data[].weight was integer or number and is string",
    ),
    "an answer that may be null now": (
        lambda it: thing(it)["properties"].update(name={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        f"{LIST}: the answer 200.data[].name may be null",
    ),
}
ADDED = {
    "a path": lambda it: it["paths"].update({"/more": {"get": {"operationId": "more", "responses": {}}}}),
    "an optional parameter": lambda it: operation(it)["parameters"].append({"name": "q", "in": "query", "schema": {}}),
    "a field of an answer": lambda it: thing(it)["properties"].update(colour={"type": "string"}),
    "an optional field of a body": lambda it: new_thing(it)["properties"].update(colour={"type": "string"}),
    "a pattern that all words fit": lambda it: it["components"]["schemas"].update(
        Kind={"type": "string", "pattern": "^(big|small)(,(big|small))?$"}
    ),
    "a word": lambda it: it["components"]["schemas"]["Kind"]["enum"].append("middling"),
    "a status": lambda it: operation(it)["responses"].update({"429": {}}),
    "a looser limit": lambda it: parameter(it, 0)["schema"].update(maximum=200, minimum=0),
    "a lower role": lambda it: operation(it, "post").update({"x-role": "viewer"}),
    "an answer that is null no more": lambda it: thing(it)["properties"].update(note={"type": "string"}),
    "a null that may be sent": lambda it: new_thing(it)["properties"].update(
        parts={"anyOf": [new_thing(it)["properties"]["parts"], {"type": "null"}]}
    ),
    "a limit that says nothing": lambda it: new_thing(it)["properties"]["name"].update(minLength=0),
}


def changed(change):
    new = copy.deepcopy(OLD)
    change(new)
    return new


@pytest.mark.parametrize("kind", BROKEN)
def test_a_break_is_named(kind):
    change, sentence = BROKEN[kind]
    assert sentence in breaks(OLD, changed(change))


@pytest.mark.parametrize("kind", ADDED)
def test_an_addition_breaks_nothing(kind):
    assert breaks(OLD, changed(ADDED[kind])) == []


def test_the_same_breaks_nothing():
    assert breaks(OLD, OLD) == []


def test_what_was_promised_is_kept():
    assert breaks(json.loads(openapi.RELEASED.read_text()), json.loads(openapi.FILE.read_text())) == []


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The document and the promise, in a folder of their own."""
    for name in ("FILE", "RELEASED"):
        monkeypatch.setattr(openapi, name, tmp_path / f"{name.lower()}.json")
    assert openapi.run(Namespace(check=False, release=True)) == 0
    return tmp_path


def test_the_check_names_what_is_broken_and_a_release_allows_it(files, capsys):
    assert openapi.run(Namespace(check=True, release=False)) == 0
    released = json.loads(openapi.RELEASED.read_text())
    released["paths"]["/gone"] = {"get": {"operationId": "gone", "responses": {}}}
    openapi.RELEASED.write_text(json.dumps(released))
    assert openapi.run(Namespace(check=True, release=False)) == 1
    assert "/gone is gone, with GET" in capsys.readouterr().err
    assert openapi.run(Namespace(check=False, release=True)) == 0
    assert openapi.run(Namespace(check=True, release=False)) == 0


def test_what_was_promised_is_without_words_for_people(files):
    released = openapi.RELEASED.read_text()
    assert '"description": "' not in released
    assert len(released) < len(openapi.FILE.read_text())
