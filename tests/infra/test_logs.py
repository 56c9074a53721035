"""What functions log inside a command does not come between its figures."""

import subprocess
import sys

from infra.environment import ROOT

COMMAND = """
from infra import logs
from shared.runtime import telemetry
logs.beside()
telemetry.configure()
telemetry.log.warning("something happened")
print("the figures")
"""


def test_standard_output_holds_what_the_command_tells_and_nothing_else():
    ended = subprocess.run([sys.executable, "-c", COMMAND], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "the figures\n"
    assert "something happened" in ended.stderr
