import time

import pytest

from infra import cli
from infra.__main__ import too_old
from infra.environment import LOCKS, digest, write_state
from tests.infra.programs import run


def infra(*arguments, **variables):
    return run("-m", "infra", *arguments, env=variables)


@pytest.fixture
def stand_in(tmp_path):
    """An environment that claims to be complete and whose Python only says what it was asked."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    python.chmod(0o755)
    write_state(tmp_path, {"state": "finished", "lock": "test", "sha256": digest(LOCKS, "test")})
    return tmp_path


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_every_command_and_makes_nothing(arguments, tmp_path):
    shown = infra(*arguments, VENTROS_VENV=str(tmp_path / "venv"))
    assert shown.returncode == 0
    assert all(f"  {name} " in shown.stdout and command.help in shown.stdout for name, command in cli.COMMANDS.items())
    assert not (tmp_path / "venv").exists()


def test_an_unknown_command_is_named_and_makes_nothing(tmp_path):
    refused = infra("demmo", VENTROS_VENV=str(tmp_path / "venv"))
    assert refused.returncode == 2
    assert "There is no command `demmo`." in refused.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("command", ["demo", "test"])
def test_a_command_goes_on_inside_the_environment_at_once(stand_in, command):
    began = time.monotonic()
    done = infra(command, "--keep", "it's", VENTROS_VENV=str(stand_in))
    assert (done.returncode, done.stdout) == (7, f"-m infra.cli {command} --keep it's\n")
    assert time.monotonic() - began < 5


def test_what_needs_no_environment_gets_none(tmp_path):
    shown = infra("lock", "--help", VENTROS_VENV=str(tmp_path / "venv"))
    assert shown.returncode == 0
    assert "usage: python3 -m infra lock" in shown.stdout
    assert not (tmp_path / "venv").exists()


def test_without_uv_the_lock_command_says_so():
    refused = infra("lock", PATH="/nowhere")
    assert refused.returncode == 1
    assert "`uv` is not installed" in refused.stderr


def test_an_old_python_is_told_so_in_one_sentence():
    sentence = too_old((3, 9, 18))
    assert sentence is not None
    assert sentence.startswith("Ventros CRM needs Python 3.11 or newer and this is 3.9;")
    assert "\n" not in sentence


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 14)])
def test_a_python_that_is_new_enough_is_not_complained_of(version):
    assert too_old(version) is None
