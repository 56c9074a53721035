"""Start programs and wait for what they do, in the tests of the operator's tools."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from infra.environment import ROOT


def start(*arguments: object, python: object = sys.executable, **options: object) -> subprocess.Popen[str]:
    """Start a Python, this one unless told otherwise, in the project's folder."""
    command = tuple(map(str, (python, *arguments)))
    settings: dict[str, Any] = {"cwd": ROOT, "text": True, **options}
    return subprocess.Popen(command, **settings)


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a Python as `start` does, to its end, and return what it said."""
    with start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as program:
        said, complained = program.communicate(timeout=120)
    return subprocess.CompletedProcess(program.args, program.returncode, said, complained)


def processes() -> dict[int, str]:
    """Return the command line of every living process; one that only waits to be counted has ended."""
    listed = subprocess.run(
        ("/bin/ps", "-axww", "-o", "pid=,stat=,command="), capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 2) for line in listed.stdout.splitlines())
    return {int(pid): command for pid, state, command in rows if not state.startswith("Z")}


def gone(pid: int) -> bool:
    return pid not in processes()


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.01)
