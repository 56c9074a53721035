import sys
from pathlib import Path

import pytest

from infra import pythons
from infra.pythons import Python

NEXT = sys.version_info.minor + 1


@pytest.fixture(autouse=True)
def bare(tmp_path, monkeypatch):
    """A machine with no Python but the running one."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    pythons.newest.cache_clear()
    yield tmp_path
    pythons.newest.cache_clear()


def put(file, script='echo "$0"'):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def test_alone_it_is_the_running_one():
    assert pythons.newest() == Python(sys.version_info.minor, Path(sys.executable))
    assert not pythons.newest().is_newer


def test_the_newest_wins_wherever_it_lies(bare):
    put(bare / f"bin/python3.{NEXT}")
    kept = put(bare / f"pyenv/versions/3.{NEXT + 1}.0/bin/python3.{NEXT + 1}")
    assert pythons.newest() == Python(NEXT + 1, kept)
    assert pythons.newest().is_newer
    assert pythons.newest().version == f"3.{NEXT + 1}"


@pytest.mark.parametrize("script", ["exit 1", "echo", "exec /nowhere", "kill -9 $$"])
def test_one_that_does_not_work_is_passed_over(bare, script):
    put(bare / f"bin/python3.{NEXT + 1}", script)
    works = put(bare / f"bin/python3.{NEXT}")
    assert pythons.newest().path == works


def test_what_is_older_or_no_python_is_not_asked(bare):
    for name in (f"python3.{NEXT - 2}", f"python3.{NEXT}-config", "python3.x"):
        put(bare / "bin" / name, f"touch {bare}/asked")
    assert not pythons.newest().is_newer
    assert not (bare / "asked").exists()
