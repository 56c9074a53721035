import argparse
import shutil
import sys

import pytest

from infra import check
from infra.check import Check
from infra.environment import ROOT
from tests.infra.programs import run

FINE = Check("fine", (sys.executable, "-c", "print('nobody reads this')"))
BROKEN = Check("broken", (sys.executable, "-c", "import sys; print('line 7 is wrong'); sys.exit(1)"))
# Each planted fault, and the contract that must name it.
FAULTS = [
    ("shared/runtime/a.py", "import functions", "Functions stand on the shared library"),
    ("shared/runtime/a.py", "import shared.crm", "each knows only what lies below it"),
    ("shared/kernel/a.py", "import shared.runtime", "each knows only what lies below it"),
    ("shared/crm/a.py", "import shared.core", "each knows only what lies below it"),
    ("shared/rogue/__init__.py", "", "each knows only what lies below it"),
    ("shared/kernel/a.py", "import flask", "Rules know the kernel alone"),
    ("shared/crm/contacts/model.py", "import sqlalchemy", "Rules know the kernel alone"),
    ("shared/crm/contacts/events.py", "import shared.runtime", "Rules know the kernel alone"),
    ("functions/crm/contacts/a.py", "import functions.crm.contacts.b", "No function imports another\n"),
    ("functions/crm/chats/a.py", "import functions.crm.contacts.b", "No function imports another of its group"),
    ("functions/webhooks/a.py", "import functions.crm.contacts.b", "No group of functions imports another"),
    ("shared/crm/a.py", "import infra.check", "knows neither the operator's tools nor the tests"),
    ("functions/webhooks/a.py", "import tests", "knows neither the operator's tools nor the tests"),
]
MODULES = (
    *(f"shared/{name}" for name in ("kernel", "cloud", "runtime", "providers", "crm", "crm/contacts", "core")),
    *(f"functions/{name}" for name in ("crm", "crm/contacts", "crm/chats", "webhooks")),
)


@pytest.fixture
def tree(tmp_path):
    """A small project that keeps every contract."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for name in ("shared", "functions", *MODULES):
        write(tmp_path / name / "__init__.py")
    for name in ("shared/crm/contacts/model.py", "shared/crm/contacts/events.py", "functions/crm/contacts/b.py"):
        write(tmp_path / name)
    return tmp_path


def write(file, text=""):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n")


def lint(tree):
    return run("-c", check.IMPORTS, "--no-cache", cwd=tree)


def test_all_well_is_zero(capsys):
    assert check.run_all([FINE]) == 0
    said = capsys.readouterr().out
    assert said.startswith("ok       fine")
    assert said.endswith("All checks passed.\n")
    assert "nobody reads this" not in said


def test_a_failure_is_told_and_the_rest_still_runs(capsys):
    assert check.run_all([BROKEN, FINE]) == 1
    said = capsys.readouterr().out
    assert "FAILED   broken" in said
    assert "    line 7 is wrong" in said
    assert "ok       fine" in said
    assert said.endswith("1 of 2 checks failed: broken\n")


def test_what_is_skipped_says_why_and_does_not_fail(capsys):
    assert check.run_all([Check("terraform format", ("/nowhere",), "terraform is not installed")]) == 0
    assert "skipped  terraform format: terraform is not installed" in capsys.readouterr().out


def test_a_name_nobody_has_is_refused(capsys):
    assert check.run(argparse.Namespace(only=["spelling"])) == 2
    assert "No check is named so; there are: ruff, format, types," in capsys.readouterr().err


def test_checks_can_be_chosen(monkeypatch, capsys):
    monkeypatch.setattr(check, "checks", lambda root: [FINE, BROKEN])
    assert check.run(argparse.Namespace(only=["fin"])) == 0
    assert "broken" not in capsys.readouterr().out


def test_nothing_from_the_lock_file_is_ever_skipped(tmp_path):
    skipped = [made.name for made in check.checks(tmp_path) if made.skipped]
    assert {*skipped} - {"checkov"} == {"terraform format"}


@pytest.mark.parametrize(("found", "reason"), [(None, "terraform is not installed"), ("/usr/bin/terraform", "")])
def test_terraform_is_checked_where_it_is_found(tmp_path, monkeypatch, found, reason):
    monkeypatch.setattr("infra.check.shutil.which", lambda name: found)
    (tmp_path / "main.tf").touch()
    assert [made.skipped for made in check.terraform(tmp_path)] == [reason]


def test_terraform_is_validated_where_its_providers_were_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr("infra.check.shutil.which", lambda name: "/usr/bin/terraform")
    (tmp_path / "main.tf").touch()
    (tmp_path / ".terraform/modules").mkdir(parents=True)
    assert [made.name for made in check.terraform(tmp_path)] == ["terraform format"]
    (tmp_path / ".terraform/providers").mkdir()
    assert [made.name for made in check.terraform(tmp_path)] == [
        "terraform format",
        "terraform validate",
        "terraform test",
    ]


def test_the_contracts_are_kept_by_a_tree_that_keeps_them(tree):
    checked = lint(tree)
    assert checked.returncode == 0, checked.stdout
    assert "7 kept, 0 broken" in checked.stdout


@pytest.mark.parametrize(("path", "text", "contract"), FAULTS)
def test_the_contracts_catch(tree, path, text, contract):
    write(tree / path, text)
    checked = lint(tree)
    broken = checked.stdout.partition("Broken contracts")[2]
    assert checked.returncode == 1
    assert contract in broken, checked.stdout


def test_what_checkov_passes_over_has_its_reason():
    lines = [line for file in (ROOT / "terraform").rglob("*.tf") for line in file.read_text().splitlines()]
    passed_over = [line.partition("checkov:skip=")[2] for line in lines if "checkov:skip=" in line]
    assert passed_over
    assert all(len(each.partition(":")[2].split()) >= 2 for each in passed_over)
