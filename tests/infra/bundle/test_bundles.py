import argparse
import json
import re
import subprocess
from collections import Counter
from statistics import median

import grimp
import pytest

from infra.bundle import run
from infra.bundle.bundles import Workshop
from infra.bundle.changes import changed
from infra.bundle.sources import BundleError, Sources
from infra.environment import ROOT
from tests.infra.bundle.small import ENTRIES, small

STORE = "shared/crm/contacts/store.py"


@pytest.fixture(scope="module")
def ours():
    return Workshop(Sources.here())


def edited(ours, path, text):
    """The project after an edit of one file."""
    before = ours.sources.files[path].decode()
    after = text(before)
    assert after != before
    return Workshop(Sources({**ours.sources.files, path: after.encode()}))


def appended(text):
    return f"{text}\nEDITED = 1\n"


def test_a_bundle_starts_its_function_and_names_its_own_requirements(ours):
    files = ours.bundle("get_contact").files
    assert files["main.py"] == b"from functions.crm.contacts.get_contact import get_contact as get_contact\n"
    assert b"functions-framework==" in files["requirements.txt"]
    assert b"google" not in files["requirements.txt"]
    assert "functions/crm/contacts/get_contact.py" in files
    assert "functions/crm/contacts/list_contacts.py" not in files
    assert b"run_service(relay_outbox)" in ours.bundle("relay_outbox").files["main.py"]


def test_deliveries_are_taken_without_the_orm(ours):
    assert "sqlalchemy" not in ours.bundle("receive_waha").distributions
    assert "sqlalchemy" in ours.bundle("create_contact").distributions


def test_data_is_in_the_bundles_that_read_it_and_in_no_other(ours):
    holding = {bundle.name: sorted(path for path in bundle.files if "documents/" in path) for bundle in ours.all()}
    page, document = "shared/runtime/documents/docs.html", "shared/runtime/documents/openapi.json"
    assert holding["get_docs"][-2:] == [page, document]
    assert holding["get_openapi"][-1:] == [document]
    assert [name for name, paths in holding.items() if {page, document} & set(paths)] == ["get_docs", "get_openapi"]


def test_every_entry_of_the_manifest_has_its_bundle(ours):
    assert {bundle.name for bundle in ours.all()} == {entry["name"] for entry in ours.sources.manifest}


def test_a_manifest_that_is_old_is_refused():
    with pytest.raises(BundleError, match=r"manifest\.json is old"):
        list(Workshop(small(entries=[ENTRIES["greet"]])).all())


@pytest.mark.parametrize("path", ["functions/crm/contacts/get_contact.py", "functions/webhooks/receive_waha.py"])
def test_a_change_of_a_function_changes_its_bundle_alone(ours, path):
    assert changed(ours, edited(ours, path, appended)) == [path.rpartition("/")[2].removesuffix(".py")]


def test_a_change_of_a_store_changes_exactly_what_reaches_it(ours):
    graph = grimp.build_graph("functions", "shared", exclude_type_checking_imports=True, cache_dir=None)
    reaching = graph.find_downstream_modules(STORE.removesuffix(".py").replace("/", "."))
    expected = sorted(entry["name"] for entry in ours.sources.manifest if entry["module"] in reaching)
    found = changed(ours, edited(ours, STORE, appended))
    assert found == expected
    assert 0 < len(found) < len(ours.entries) / 2


def test_what_the_readme_says_of_it_is_about_so(ours):
    told = re.search(r"^(\d+) of (\d+) are to be deployed\.$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert told
    reached = len(changed(ours, edited(ours, STORE, appended)))
    assert [int(told[1]), int(told[2])] == pytest.approx([reached, len(ours.entries)], rel=0.25)


def test_what_is_said_beside_the_bundles_of_what_a_change_reaches_is_about_so(ours):
    text = (ROOT / "infra/bundle/README.md").read_text()
    told = {
        path: int(number) for path, number in re.findall(r"^\| `(shared/[\w/]+\.py)` \| (\d+) \|$", text, re.MULTILINE)
    }
    holding = Counter(path for bundle in ours.all() for path in bundle.files)
    assert STORE in told
    assert told == pytest.approx({path: holding[path] for path in told}, rel=0.25)
    middle = re.search(r"^\| the middle one of all files in `shared/` \| (\d+) \|$", text, re.MULTILINE)
    assert middle
    whole = [path for path, content in ours.sources.files.items() if path.startswith("shared/") and content.strip()]
    assert int(middle[1]) == pytest.approx(median(holding[path] for path in whole if path.endswith(".py")), abs=1)
    total = re.search(r"^\| what changes \| of (\d+) functions and services", text, re.MULTILINE)
    assert total
    assert int(total[1]) == pytest.approx(len(ours.entries), rel=0.25)


def test_a_comment_changes_nothing_and_a_word_of_the_kernel_everything(ours):
    comment = edited(ours, "shared/runtime/http.py", lambda text: text.replace("\n\n", "\n# more\n\n", 1))
    assert changed(ours, comment) == []
    assert comment.bundle("get_contact").files != ours.bundle("get_contact").files
    assert changed(ours, edited(ours, "shared/kernel/errors.py", appended)) == sorted(ours.entries)


def test_another_version_in_the_lock_changes_those_who_use_the_library(ours):
    pinned = ours.requirements.pins["argon2-cffi"].partition(" ")[0]
    found = changed(
        ours, edited(ours, "infra/locks/test.txt", lambda text: str(text).replace(pinned, "argon2-cffi==99.0"))
    )
    assert "login" in found
    assert "get_contact" not in found


def test_a_new_function_is_to_be_deployed_and_one_that_is_gone_is_not_named():
    before, now = Workshop(small(entries=[ENTRIES["greet"]], changes=without("relay"))), Workshop(service_only())
    assert changed(before, now) == ["relay"]


def without(name):
    path = str(ENTRIES[name]["module"]).replace(".", "/")
    return {f"{path}.py": None}


def service_only():
    return small(without("greet"), entries=[ENTRIES["relay"]])


def git(folder, *arguments):
    command = ("git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def laid(sources, folder):
    for path, content in sources.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def test_what_lies_in_a_revision_is_read_without_touching_the_tree(tmp_path):
    git(tmp_path, "init", "-q")
    laid(small(), tmp_path)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    (tmp_path / "shared/runtime/words.py").write_text("HELLO = 'oi'\n")
    then, now = Sources.at("HEAD", tmp_path), Sources.here(tmp_path)
    assert then.files == small().files
    assert now.files == {**then.files, "shared/runtime/words.py": b"HELLO = 'oi'\n"}
    assert (tmp_path / "shared/runtime/words.py").read_text() == "HELLO = 'oi'\n"


@pytest.mark.parametrize("revision", ["no-such-revision", "--output=x"])
def test_a_revision_that_there_is_not_is_an_error(tmp_path, revision):
    git(tmp_path, "init", "-q")
    with pytest.raises(BundleError, match="cannot be read"):
        Sources.at(revision, tmp_path)
    assert not (tmp_path / "x").exists()


def ask(**asked):
    return run.run(argparse.Namespace(**{"out": None, "since": None, "check": False, **asked}))


def test_all_are_written_with_an_index_that_names_them(tmp_path, capsys):
    assert ask(out=tmp_path / "bundles") == 0
    index = json.loads((tmp_path / "bundles/bundles.json").read_text())
    assert f"{len(index)} bundles" in capsys.readouterr().out
    named = {about.get("zip") or about["context"] for about in index.values()}
    assert {file.name for file in (tmp_path / "bundles").iterdir()} == named | {"bundles.json"}


def test_a_folder_of_bundles_is_made_anew_and_any_other_is_left_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Sources, "here", service_only)
    mine = tmp_path / "mine.txt"
    mine.touch()
    assert ask(out=tmp_path) == 1
    assert "holds other things than bundles" in capsys.readouterr().err
    assert mine.exists()
    (tmp_path / "bundles.json").touch()
    assert ask(out=tmp_path) == 0
    assert not mine.exists()


def test_since_names_what_differs_one_a_line(capsys, monkeypatch):
    now = Sources.here()
    before = edited(Workshop(now), STORE, appended).sources
    monkeypatch.setattr(Sources, "at", lambda revision: before)
    assert ask(since="v1") == 0
    said = capsys.readouterr()
    names = said.out.splitlines()
    assert "create_contact" in names
    assert names == sorted(names)
    assert said.err == f"{len(names)} of {len(now.manifest)} are to be deployed.\n"


def test_a_library_that_the_old_lock_does_not_name_counts_as_a_change(ours):
    lock = ours.sources.files["infra/locks/test.txt"].replace(b"argon2-cffi==", b"argon3-cffi==")
    before = Workshop(Sources({**ours.sources.files, "infra/locks/test.txt": lock}))
    assert "login" in changed(before, ours)


def test_the_revision_of_the_repository_itself_can_be_read():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    assert len(Workshop(Sources.at("HEAD")).entries) > 80
