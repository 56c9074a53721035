"""What the API answers is what its documents say, to the letter."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from infra import manifest, openapi
from infra.fakes.oidc import FakeIssuer
from shared.runtime.http import SERVICE, Endpoint
from tests.support.environment import environment
from tests.support.estate import record_all, settle
from tests.support.operations import BODIES, questions
from tests.support.provider import answering
from tests.support.services import WATCHER

DECLARED = [each for each in manifest.declarations() if isinstance(each, Endpoint)]
READS = [each for each in DECLARED if each.method == "GET"]
WRITES = [each for each in DECLARED if each.method != "GET"]


@pytest.fixture(scope="module")
def document():
    return openapi.document(manifest.declarations())


@pytest.fixture
def estate(world, api, tenant):
    made = settle(world, api, tenant)
    record_all(world)
    with answering(world):
        yield made


@pytest.fixture
def _outside_issuer(monkeypatch):
    with FakeIssuer() as fake, environment({"TOKEN_ISSUERS": json.dumps([fake.setting()])}):
        monkeypatch.setitem(BODIES, "link_external_identity", lambda _: [{"token": fake.token("f3a1")}])
        yield


def closed(schema: Any) -> Any:
    """The schema with every object shut against fields it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {"additionalProperties": False} if "properties" in schema else {}
    return {**shut, **{name: closed(inner) for name, inner in schema.items()}}


def differences(document, declared, answer) -> list[str]:
    """In what an answer is not as documented."""
    described = document["paths"][declared.path][declared.method.lower()]["responses"][str(answer.status_code)]
    content = described.get("content", {})
    if "application/json" not in content or not content["application/json"]:
        return []
    schema = {**closed(content["application/json"]["schema"]), "components": closed(document["components"])}
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer.get_json())
    return [f"{declared.name} {error.json_path}: {error.message}" for error in found]


def ask(api, estate, declared):
    """The answers to all good questions about the estate, asked by an admin, or by a service where only one may."""
    for question in questions(declared, estate):
        answer = question.ask(api, WATCHER if declared.allow is SERVICE else estate.tenant.admin)
        assert answer.status_code in declared.successes, f"{declared.name}: {answer.text}"
        yield answer


def test_every_read_answers_as_documented(api, document, estate):
    found = []
    for declared in READS:
        for answer in ask(api, estate, declared):
            found += differences(document, declared, answer)
            assert answer.is_json is False or answer.get_json().get("data") != [], (
                f"{declared.name} had nothing to show"
            )
    assert found == []


@pytest.mark.usefixtures("_outside_issuer")
@pytest.mark.parametrize("declared", WRITES, ids=lambda it: it.name)
def test_every_write_answers_as_documented(api, document, estate, declared):
    found = [each for answer in ask(api, estate, declared) for each in differences(document, declared, answer)]
    assert found == []


def test_a_field_too_many_or_too_few_is_seen(api, document, estate):
    (declared,) = [each for each in READS if each.name == "get_contact"]
    (answer,) = ask(api, estate, declared)
    told = answer.get_json()

    class Changed:
        status_code = declared.status

        def __init__(self, **changes):
            self.told = {name: value for name, value in {**told, **changes}.items() if value is not ...}

        def get_json(self):
            return self.told

    assert differences(document, declared, Changed()) == []
    assert differences(document, declared, Changed(secret="x")) != []
    assert differences(document, declared, Changed(phone=...)) != []
    assert differences(document, declared, Changed(id="x")) != []
