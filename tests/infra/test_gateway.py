import json
from argparse import Namespace

import pytest

from infra import gateway, manifest

FUNCTIONS = manifest.manifest()["functions"]


@pytest.fixture(scope="module")
def document():
    return gateway.document(FUNCTIONS)


def function(name, method="GET", path="/kites/{kite_id}", kind="endpoint", **more):
    return {"name": name, "kind": kind, "timeout": 60, "trigger": {"method": method, "path": path}, **more}


def test_every_public_path_leads_to_its_own_function(document):
    for each in FUNCTIONS:
        if "path" in each["trigger"]:
            operation = document["paths"][each["trigger"]["path"]][each["trigger"]["method"].lower()]
            assert operation["x-google-backend"]["address"] == f"${{{each['name']}}}"
            assert operation["operationId"] == each["name"]


def test_nothing_else_is_reached(document):
    public = {each["name"] for each in FUNCTIONS if "path" in each["trigger"] or each["kind"] == "preflight"}
    addresses = {each["x-google-backend"]["address"] for each in gateway.operations(document)}
    assert addresses == {f"${{{name}}}" for name in public}


def test_an_operation_is_named_once_and_the_functions_see_the_path(document):
    operations = list(gateway.operations(document))
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert {each["x-google-backend"]["path_translation"] for each in operations} == {"APPEND_PATH_TO_ADDRESS"}


def test_the_parameters_of_a_path_are_declared(document):
    for path, item in document["paths"].items():
        names = [each["name"] for each in item.get("parameters", [])]
        assert path.count("{") == len(names)
        assert all(f"{{{name}}}" in path for name in names)


def test_the_gateway_waits_as_long_as_the_function_may_take():
    described = gateway.document([function("get_kite", timeout=120)])
    assert described["paths"]["/kites/{kite_id}"]["get"]["x-google-backend"]["deadline"] == 120.0


def test_one_function_answers_the_preflight_of_every_path():
    preflight = {"name": "answer_preflight", "kind": "preflight", "timeout": 10, "trigger": {"method": "OPTIONS"}}
    functions = [
        function("get_kite"),
        function("drop_kite", "DELETE"),
        function("list_kites", path="/kites"),
        preflight,
    ]
    paths = gateway.document(functions)["paths"]
    assert {path: item["options"]["operationId"] for path, item in paths.items()} == {
        "/kites": "answer_preflight_list_kites",
        "/kites/{kite_id}": "answer_preflight_drop_kite",
    }
    assert {item["options"]["x-google-backend"]["address"] for item in paths.values()} == {"${answer_preflight}"}


def test_paths_that_differ_in_the_names_of_parameters_only_are_refused():
    with pytest.raises(gateway.GatewayError, match="name their parameters alike"):
        gateway.document([function("get_kite"), function("drop_kite", "DELETE", "/kites/{id}")])


def test_the_command_says_which_paths_are_one(monkeypatch, capsys):
    twins = [function("get_kite"), function("drop_kite", "DELETE", "/kites/{id}")]
    monkeypatch.setattr(manifest, "manifest", lambda: {"functions": twins})
    assert gateway.run(Namespace(check=True)) == 1
    assert "are one path to the gateway" in capsys.readouterr().err


def test_what_was_written_passes_the_check_and_what_is_old_does_not(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gateway, "FILE", tmp_path / "gateway.json")
    assert gateway.run(Namespace(check=True)) == 1
    assert "/health is not in it" in capsys.readouterr().err
    assert gateway.run(Namespace(check=False)) == 0
    assert gateway.run(Namespace(check=True)) == 0
    written = json.loads(gateway.FILE.read_text())
    del written["paths"]["/health"]
    gateway.FILE.write_text(json.dumps(written | {"schemes": ["http"]}))
    assert gateway.run(Namespace(check=True)) == 1
    assert "what is not a path differs" in capsys.readouterr().err
