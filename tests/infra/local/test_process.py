import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.process import Child, clean_environment
from tests.infra.programs import gone, run, start, wait_until

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)
# A program with a helper in its group, as a web server has workers.
FAMILY = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
SUPERVISOR = """
import sys, time
from pathlib import Path
from infra.local.process import Child
child = Child((sys.executable, "-c", sys.argv[1]), None, Path(sys.argv[2]))
print(child.pid, flush=True)
time.sleep(60)
"""


def python(code, log, env=None):
    return Child((sys.executable, "-c", code), env, log)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "logs" / "child.log"


def test_its_output_goes_to_the_log_and_its_code_comes_back(log):
    child = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", log)
    assert child.wait(20) == 3
    assert child.kill() == 3
    assert sorted(log.read_text().split()) == ["err", "out"]


def test_the_log_is_continued(log):
    for word in ("one", "two"):
        child = python(f"print('{word}')", log)
        child.wait(20)
        child.kill()
    assert log.read_text().split() == ["one", "two"]


def test_it_reads_nothing_and_leads_its_own_session(log):
    code = "import os, sys; print(repr(sys.stdin.read()), os.getsid(0) == os.getpid() == os.getpgid(0))"
    child = python(code, log)
    child.wait(20)
    child.kill()
    assert log.read_text() == "'' True\n"


def test_it_sees_a_clean_environment_unless_given_one(log, monkeypatch):
    monkeypatch.setenv("VENTROS_SECRET", "x")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    child = python("import os; print('VENTROS_SECRET' in os.environ, 'PYTHONDONTWRITEBYTECODE' in os.environ)", log)
    child.wait(20)
    child.kill()
    assert log.read_text() == "False False\n"
    assert clean_environment(NAME="value")["NAME"] == "value"


def test_stopping_asks_first(log):
    with python("import time; print('here', flush=True); time.sleep(60)", log) as child:
        wait_until(lambda: "here" in log.read_text())
        assert child.alive
        assert child.wait(0.01) is None
        assert child.stop() == -signal.SIGTERM
    assert not child.alive
    assert child.returncode == -signal.SIGTERM


def test_what_does_not_listen_is_killed(log):
    with python(STUBBORN, log) as child:
        wait_until(lambda: "here" in log.read_text())
        assert child.stop(grace=0.2) == -signal.SIGKILL


def test_the_whole_group_ends(log):
    with python(FAMILY, log) as child:
        wait_until(lambda: log.read_text().endswith("\n"))
    assert child.returncode is not None
    wait_until(lambda: gone(int(log.read_text())))


@pytest.mark.parametrize("code", [FAMILY, f"print(0, flush=True); {STUBBORN}"])
def test_it_dies_with_its_supervisor(log, code):
    with start("-c", SUPERVISOR, code, log, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        wait_until(lambda: log.read_text().count("\n") >= 1)
        supervisor.kill()
    helper = int(log.read_text().splitlines()[0])
    wait_until(lambda: gone(child) and (not helper or gone(helper)))
    assert gone(child)


def test_a_supervisor_that_ends_in_order_takes_it_along(log):
    code = SUPERVISOR.replace("time.sleep(60)", "")
    done = run("-c", code, "import time; time.sleep(60)", log)
    assert gone(int(done.stdout))


def test_a_missing_program_is_told_in_the_log(log):
    child = Child(("/nowhere/program",), None, log)
    assert child.wait(20) == 127
    child.kill()
    assert "/nowhere/program" in log.read_text()


def test_the_working_folder_is_as_asked(log, tmp_path):
    child = Child(("/bin/pwd",), None, log, cwd=tmp_path)
    child.wait(20)
    child.kill()
    assert Path(log.read_text().strip()).samefile(tmp_path)
