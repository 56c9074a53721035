import io
import shutil
import signal
import subprocess

import pytest

from infra import environment
from infra.environment import SetupError, ensure, holds, python, read_state, write_state
from tests.infra.programs import run, start, wait_until

ENSURE = """
import sys
from pathlib import Path
from infra.environment import ensure
ensure(Path(sys.argv[1]), "demo", Path(sys.argv[2]))
"""


@pytest.fixture
def locks(tmp_path):
    """Lock files that name no package: what is tried here is the making, not the packages."""
    folder = tmp_path / "locks"
    folder.mkdir()
    for name in ("demo", "test"):
        (folder / f"{name}.txt").write_text(f"# {name}\n")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A whole environment, made once by the real thing."""
    folder = tmp_path_factory.mktemp("made")
    locks = folder / "locks"
    locks.mkdir()
    (locks / "demo.txt").write_text("# demo\n")
    return ensure(folder / "venv", "demo", locks).parents[1]


@pytest.fixture
def venv(made, tmp_path):
    return shutil.copytree(made, tmp_path / "venv", symlinks=True)


@pytest.fixture
def unmakeable(monkeypatch):
    """Fail the test that runs a program."""

    def refuse(command, progress):
        raise AssertionError(command)

    monkeypatch.setattr(environment, "follow", refuse)


def ensure_elsewhere(venv, locks):
    return start("-c", ENSURE, venv, locks, stderr=subprocess.PIPE)


def test_a_made_environment_runs_and_remembers_what_it_holds(made):
    asked = run("-c", "import sys; print(sys.prefix)", python=python(made))
    assert asked.stdout.strip() == str(made)
    assert read_state(made)["state"] == "finished"


def test_the_second_time_nothing_is_run(venv, locks, unmakeable):
    assert ensure(venv, "demo", locks) == python(venv)


def test_a_changed_lock_is_installed_again_without_starting_over(venv, locks):
    (locks / "demo.txt").write_text("# another\n")
    (venv / "kept").touch()
    assert not holds(venv, "demo", locks)
    ensure(venv, "demo", locks)
    assert holds(venv, "demo", locks)
    assert (venv / "kept").exists()


def test_the_larger_set_serves_the_smaller_but_not_the_other_way(venv, locks):
    assert not holds(venv, "test", locks)
    ensure(venv, "test", locks)
    assert holds(venv, "test", locks)
    assert holds(venv, "demo", locks)


def test_one_whose_python_is_gone_is_not_taken_for_whole(venv, locks):
    python(venv).unlink()
    assert not holds(venv, "demo", locks)


def test_what_a_killed_one_left_is_made_anew(tmp_path, locks):
    venv = tmp_path / "venv"
    with ensure_elsewhere(venv, locks) as killed:
        wait_until(lambda: read_state(venv).get("state") == "unfinished")
        killed.send_signal(signal.SIGKILL)
    (venv / "half").touch()
    ensure(venv, "demo", locks)
    assert holds(venv, "demo", locks)
    assert not (venv / "half").exists()


def test_two_at_once_make_one(tmp_path, locks):
    venv = tmp_path / "venv"
    with ensure_elsewhere(venv, locks) as one, ensure_elsewhere(venv, locks) as other:
        said = [each.communicate(timeout=120)[1] for each in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    assert sum("Making a Python environment" in each for each in said) == 1
    assert holds(venv, "demo", locks)


def test_a_failed_installation_says_what_pip_said(venv, locks):
    (locks / "demo.txt").write_text("no requirement at all\n")
    with pytest.raises(SetupError, match=r"This failed: .*\n(.*\n)*.*Invalid requirement"):
        ensure(venv, "demo", locks)
    assert not holds(venv, "demo", locks)


def test_a_folder_of_other_things_is_left_alone(tmp_path, locks):
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "letters").write_text("dear")
    with pytest.raises(SetupError, match="holds other things"):
        ensure(tmp_path / "venv", "demo", locks)
    assert (tmp_path / "venv" / "letters").read_text() == "dear"


def test_a_machine_without_venv_is_told_what_to_install(tmp_path, locks, monkeypatch):
    monkeypatch.setattr("infra.environment.importlib.util.find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"apt install python3\.\d+-venv"):
        ensure(tmp_path / "venv", "demo", locks)


def test_a_state_that_cannot_be_read_is_no_state(tmp_path):
    write_state(tmp_path, {"state": "finished"})
    (tmp_path / environment.STATE).write_text("{half")
    assert read_state(tmp_path) == {}


def test_progress_without_a_terminal_speaks_now_and_then(monkeypatch):
    monkeypatch.setattr(environment, "QUIET_SECONDS", 0.01)
    output = io.StringIO()
    with environment.Progress("Installing", 2, output) as progress:
        progress.heard("Collecting one==1\n")
        wait_until(lambda: "1 of 2" in output.getvalue())
        progress.heard("Installing collected packages: one\n")
        wait_until(lambda: "unpacking" in output.getvalue())
    assert output.getvalue().startswith("Installing …\n")
    assert "\r" not in output.getvalue()


def test_progress_on_a_terminal_keeps_to_one_line():
    output = io.StringIO()
    output.isatty = lambda: True  # type: ignore[method-assign] # it plays a terminal
    with environment.Progress("Installing", 2, output):
        wait_until(lambda: "Installing" in output.getvalue())
    assert "\n" not in output.getvalue()
    assert output.getvalue().endswith("\r\033[K")


def test_programs_are_not_told_to_leave_out_compiled_files(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in environment.environment()
