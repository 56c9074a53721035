import json
from argparse import Namespace

import pytest

from infra import manifest as made

SHOP = "tests.infra.samples.shop"


@pytest.fixture
def document():
    return made.manifest(made.declarations(SHOP))


@pytest.fixture
def entries(document):
    return {each["name"]: each for each in document["functions"]}


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Makes a package with one file of the given text and collects its declarations."""
    monkeypatch.syspath_prepend(tmp_path)

    def collect(package, text):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "wave_hand.py").write_text(text)
        return made.declarations(package)

    return collect


def test_every_file_but_the_underscored_is_read_and_sorted_by_name(entries):
    names = list(entries)
    assert names == sorted(names)
    assert {"burn_parcel", "list_parcels", "take_parcel", "count_parcel"} <= set(names)
    assert "_notes" not in names


def test_an_entry_says_how_the_function_is_called(entries):
    assert entries["pack_parcel"] == {
        "name": "pack_parcel",
        "module": "tests.infra.samples.shop.parcels.pack_parcel",
        "kind": "endpoint",
        "summary": "Pack a parcel.",
        "trigger": {"method": "POST", "path": "/api/v1/sample/parcels", "allow": "agent", "limit": "crm_write"},
        "concurrency": 8,
        "memory": 512,
        "timeout": 60,
        "warm": False,
        "uses": ["counters", "database", "encryption", "resolver", "tokens"],
        "secrets": [
            "database_ca",
            "database_url",
            "encryption_keys",
            "resolver_database_url",
            "token_public_keys",
            "upstash_token",
        ],
    }
    assert entries["take_parcel"]["trigger"]["allow"] == "signed"
    assert entries["count_parcel"]["trigger"]["events"] == ["parcel.lost", "parcel.opened"]


def test_what_lies_between_the_functions_is_said_too(document):
    (wanted,) = document["subscriptions"]
    assert wanted["consumer"] == "count_parcel"
    assert wanted["name"].startswith("count_parcel.parcel.")
    assert wanted["filter"] == 'attributes.type = "parcel.lost" OR attributes.type = "parcel.opened"'
    assert {wanted["topic"]} <= set(document["topics"])
    assert {each["trigger"]["queue"] for each in document["functions"] if each["kind"] == "task"} <= set(
        document["queues"]
    )


SCHEDULED = """
from shared.runtime.schedule import schedule
@schedule("* * * * *")
def {name}(tenants):
    "Do something."
"""


def test_a_file_without_a_declaration_is_refused(broken):
    with pytest.raises(made.ManifestError, match=r"idle\.wave_hand must declare exactly one .* it declares none"):
        broken("idle", "def wave_hand(): pass")


def test_a_function_not_named_as_its_file_is_refused(broken):
    with pytest.raises(made.ManifestError, match="named wave_hand; it declares shake_hand"):
        broken("misnamed", SCHEDULED.format(name="shake_hand"))


def test_a_second_function_in_a_file_is_refused(broken):
    with pytest.raises(made.ManifestError, match="it declares wave_both, wave_hand"):
        broken("both", SCHEDULED.format(name="wave_hand") + SCHEDULED.format(name="wave_both"))


def test_a_function_that_is_only_imported_does_not_count(broken):
    imported = "from tests.infra.samples.shop.parcels.burn_parcel import burn_parcel"
    with pytest.raises(made.ManifestError, match="it declares none"):
        broken("borrowed", imported)


@pytest.fixture
def file(tmp_path, monkeypatch):
    found = made.declarations(SHOP)
    monkeypatch.setattr(made, "FILE", tmp_path / "manifest.json")
    monkeypatch.setattr(made, "declarations", lambda: found)
    return tmp_path / "manifest.json"


def test_what_was_written_passes_the_check(file, capsys):
    assert made.run(Namespace(check=False)) == 0
    assert made.run(Namespace(check=True)) == 0
    first = file.read_bytes()
    made.run(Namespace(check=False))
    assert file.read_bytes() == first
    assert capsys.readouterr().err == ""


def test_the_check_names_what_differs_and_writes_nothing(file, capsys):
    made.run(Namespace(check=False))
    known = json.loads(file.read_text())
    changed = [each | {"concurrency": 3} if each["name"] == "get_parcel" else each for each in known["functions"]]
    old = json.dumps(known | {"functions": [*changed[1:], changed[0] | {"name": "weigh_parcel"}], "queues": []})
    file.write_text(old)
    assert made.run(Namespace(check=True)) == 1
    said = capsys.readouterr().err
    assert "get_parcel differs" in said
    assert "queues differs" in said
    assert "burn_parcel is not in it" in said
    assert "weigh_parcel is in it but no longer declared" in said
    assert "run `python3 -m infra manifest`" in said
    assert file.read_text() == old


def test_the_command_says_what_is_wrong_with_a_function(monkeypatch, capsys):
    def refuse():
        raise made.ManifestError("functions.a.b must declare exactly one function, named b; it declares none.")

    monkeypatch.setattr(made, "declarations", refuse)
    assert made.run(Namespace(check=True)) == 1
    assert capsys.readouterr().err.startswith("functions.a.b must declare")
