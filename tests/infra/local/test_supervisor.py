import sys
import time
from functools import partial

import pytest

from infra.local.process import Child
from infra.local.supervisor import Supervisor
from tests.infra.programs import gone, wait_until

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def told():
    return []


@pytest.fixture
def supervisor(told):
    supervisor = Supervisor(told.append)
    yield supervisor
    supervisor.stop()


def test_what_is_killed_runs_again_soon(supervisor, tmp_path, told):
    supervisor.keep("sleeper", lambda: Child(SLEEPS, None, tmp_path / "log"))
    first = supervisor.pids["sleeper"]
    supervisor.kill("sleeper")
    wait_until(lambda: supervisor.pids.get("sleeper", first) != first, 2)
    assert gone(first)
    assert told == ["sleeper has ended and is started again."]


def test_what_keeps_dying_is_started_ever_more_slowly(supervisor, tmp_path):
    starts = []

    def start():
        starts.append(1)
        return Child((sys.executable, "-c", ""), None, tmp_path / "log")

    began = time.monotonic()
    supervisor.keep("moth", start)
    wait_until(lambda: len(starts) == 4)
    assert time.monotonic() - began > 1.0


def test_a_start_that_fails_is_told_and_tried_again(supervisor, tmp_path, told):
    attempts = []

    def start():
        attempts.append(1)
        if len(attempts) == 2:
            raise RuntimeError("the disk is full")
        return Child(SLEEPS, None, tmp_path / "log")

    supervisor.keep("sleeper", start)
    supervisor.kill("sleeper")
    wait_until(lambda: len(attempts) == 3 and "sleeper" in supervisor.pids)
    assert "sleeper could not be started: the disk is full" in told


def test_stop_ends_everything_and_the_named_ones_last(told, tmp_path):
    ended = []

    class Noted(Child):
        def stop(self, *arguments):
            ended.append(self.log.name)
            return super().stop(*arguments)

    supervisor = Supervisor(told.append)
    for name in ("postgres", "functions", "bus"):
        supervisor.keep(name, partial(Noted, SLEEPS, None, tmp_path / name))
    pids = supervisor.pids
    supervisor.stop("bus", "postgres")
    assert ended == ["functions", "bus", "postgres"]
    assert all(map(gone, pids.values()))
    assert told == []
