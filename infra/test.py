"""`infra test`: run the tests in parallel; what follows the command goes to pytest."""

import argparse
import signal
import subprocess
import sys

from infra.environment import ROOT
from infra.local.process import clean_environment

# More workers than this gain nothing: each has its own databases on the same disk.
PARALLEL = ("-n", "logical", "--maxprocesses", "4", "--dist", "worksteal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [paths and options of pytest]"
    parser.epilog = "Example: python3 -m infra test tests/kernel -k money -n 0"
    parser.set_defaults(rest=[])


def run(arguments: argparse.Namespace) -> int:
    command = (sys.executable, "-m", "pytest", *PARALLEL, *arguments.rest)
    with subprocess.Popen(command, cwd=ROOT, env=clean_environment()) as tests:
        try:
            return tests.wait()
        except KeyboardInterrupt:
            # The terminal told pytest too; it is cleaning up.
            tests.wait()
            raise
        except SystemExit:
            tests.send_signal(signal.SIGINT)
            tests.wait()
            raise
