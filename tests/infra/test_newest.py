import argparse
import sys
from pathlib import Path

import pytest

from infra import newest
from infra.environment import ROOT
from infra.pythons import Python

NEWER = Python(sys.version_info.minor + 1, Path("/opt/newer/bin/python3"))
VERSION = NEWER.version


@pytest.fixture
def started(monkeypatch):
    """What would be run; it ends with 3."""
    calls = []

    class Done:
        returncode = 3

    def run(command, **options):
        calls.append((command, options))
        return Done

    monkeypatch.setattr("infra.newest.subprocess.run", run)
    return calls


def ask(*rest):
    return newest.run(argparse.Namespace(rest=list(rest)))


def test_alone_it_is_skipped_with_the_reason(started, monkeypatch, capsys):
    monkeypatch.setattr(newest, "newest", lambda: Python(sys.version_info.minor, Path(sys.executable)))
    assert ask() == 0
    assert started == []
    assert "skipped: there is no newer Python here than 3." in capsys.readouterr().out


def test_the_tests_run_on_it_in_an_environment_beside_ours(started, monkeypatch, tmp_path):
    monkeypatch.setattr(newest, "newest", lambda: NEWER)
    monkeypatch.setenv("VENTROS_VENV", str(tmp_path / "venv"))
    assert ask() == 3
    ((command, options),) = started
    assert command == (str(NEWER.path), "-m", "infra", "test", *newest.PARTS)
    assert options["env"]["VENTROS_VENV"] == str(tmp_path / f"venv-{VERSION}")
    assert options["cwd"] == ROOT


def test_other_tests_can_be_named(started, monkeypatch):
    monkeypatch.setattr(newest, "newest", lambda: NEWER)
    ask("tests/shared/kernel", "-x")
    assert started[0][0][4:] == ("tests/shared/kernel", "-x")


def test_what_it_runs_is_there():
    assert [part for part in newest.PARTS if not (ROOT / part).exists()] == []
