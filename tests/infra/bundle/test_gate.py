import pytest

from infra.bundle import run
from infra.bundle.bundles import Bundle, Workshop
from infra.bundle.gate import GUARD, HEAVY, about_bundle, findings
from infra.bundle.sources import Sources
from infra.environment import ROOT
from shared.runtime.uses import Use
from tests.infra.bundle.small import ENTRIES, FILES, small

FRAMEWORK = "functions-framework"


def found(changes=None):
    """What is wrong with the small project after an edit; nothing of it needs a library."""
    changed = {**dict.fromkeys(("functions/crm/greet.py",)), **(changes or {})}
    return list(findings(Workshop(small(changed, entries=[ENTRIES["relay"]]))))


def test_ours_pass():
    assert list(findings(Workshop(Sources.here()))) == []


def test_the_small_project_passes():
    assert found() == []


@pytest.mark.parametrize(
    ("path", "text", "finding"),
    [
        ("shared/runtime/words.py", "from json import *\n", "shared/runtime/words.py:1 imports everything (*)"),
        ("shared/runtime/words.py", "\nfrom . import http\n", "shared/runtime/words.py:2 imports by a relative name"),
        (
            "shared/beside.py",
            "import importlib\nimportlib.import_module('x')\n",
            "shared/beside.py:2 calls import_module",
        ),
        ("shared/beside.py", "it = __import__('x')\n", "shared/beside.py:1 calls __import__"),
        ("shared/beside.py", "exec('import x')\n", "shared/beside.py:1 calls exec"),
        ("shared/runtime/__init__.py", "import json\n", "shared/runtime/__init__.py is not empty"),
        ("shared/rogue/words.py", "", "shared/rogue has no __init__.py"),
        ("shared/runtime/page.html", "<p>", "shared/runtime/page.html is data that no function reads by its name"),
    ],
)
def test_a_planted_fault_of_a_file_is_found(path, text, finding):
    assert [each[: len(finding)] for each in found({path: text})] == [finding]


def reached(path, text):
    """What is wrong when the service reaches a file."""
    module = path.removesuffix(".py").replace("/", ".")
    service = f"from shared.runtime.service import run_service as relay\nimport {module}\n"
    packages = {f"{path.rpartition('/')[0]}/__init__.py": ""}
    return found({**packages, path: text, "functions/services/relay.py": service})


@pytest.mark.parametrize(
    "path", ["shared/tests/a.py", "shared/test_a.py", "shared/fixtures/a.py", "shared/conftest.py"]
)
def test_nothing_for_tests_is_deployed(path):
    assert any(each.startswith(f"relay holds {path}: ") for each in reached(path, ""))


@pytest.mark.parametrize(
    "secret",
    ["-----BEGIN PRIVATE KEY-----\nMII", "-----BEGIN RSA PRIVATE KEY-----\nMII", f"AKIA{'A' * 16}", f"AIza{'a' * 35}"],
)
def test_no_key_is_deployed(secret):
    assert reached("shared/words.py", f"x = '''{secret}'''\n") == [
        "relay holds shared/words.py, in which a secret stands"
    ]


def test_a_file_that_holds_a_key_by_its_name_is_not_deployed():
    text = 'from shared import runtime\nx = runtime, "tls.pem"\n'
    changes = {
        "shared/runtime/tls.pem": "x",
        "shared/runtime/service.py": f"{FILES['shared/runtime/service.py']}{text}",
    }
    assert found(changes) == ["relay holds shared/runtime/tls.pem: tls.pem is not for what is deployed"]


def holding(kind, library, *uses, files=()):
    bundle = Bundle(
        name="greet",
        kind=kind,
        uses=frozenset(uses),
        files=dict.fromkeys(files, b""),
        distributions=frozenset({FRAMEWORK, library}),
        fingerprint="",
    )
    return list(about_bundle(bundle))


@pytest.mark.parametrize("library", HEAVY)
@pytest.mark.parametrize("kind", ["endpoint", "webhook"])
def test_who_answers_reaches_nothing_heavy_that_it_does_not_declare(kind, library):
    assert holding(kind, library) == [f"greet is a {kind} that reaches {library} and declares no use of it"]
    assert holding("task", library) == []
    if HEAVY[library]:
        assert holding(kind, library, HEAVY[library]) == []


def test_the_uses_that_open_the_gate_are_those_that_can_be_declared():
    assert {use for use in HEAVY.values() if use} - {"storage"} <= {use.value for use in Use}


def test_what_is_found_is_said_and_the_command_fails(monkeypatch, capsys):
    broken = small({"functions/crm/greet.py": None, "shared/beside.py": "exec('1')\n"}, entries=[ENTRIES["relay"]])
    monkeypatch.setattr(Sources, "here", lambda: broken)
    assert run.check() == 1
    assert capsys.readouterr().err.startswith("shared/beside.py:1 calls exec:")


def test_who_calls_customers_hosts_leaves_by_the_address_that_they_let_in():
    complaint = "greet can call customers' hosts and declares no use of them"
    assert holding("task", FRAMEWORK, "database", files=[GUARD]) == [complaint]
    assert holding("task", FRAMEWORK, "database", "customer_hosts", files=[GUARD]) == []
    assert (ROOT / GUARD).is_file()
