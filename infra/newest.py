"""`infra newest`: run the tests that a newer Python could break on the newest one of this machine.

Functions run on a newer Python than the oldest that developers may have, and all tests run on that one.
"""

import argparse
import os
import subprocess
from pathlib import Path

from infra import environment
from infra.pythons import Python, newest

# What stands on Python itself, and that deployed functions start on it.
PARTS = ("tests/shared/kernel", "tests/shared/runtime", "tests/infra/bundle", "tests/campaigns/test_bundles.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [paths and options of pytest]"
    parser.epilog = f"Without paths: {', '.join(PARTS)}."
    parser.set_defaults(rest=[])


def run(arguments: argparse.Namespace) -> int:
    python = newest()
    if not python.is_newer:
        print(f"skipped: there is no newer Python here than {python.version}, on which all tests run")
        return 0
    print(f"On Python {python.version} ({python.path}):", flush=True)
    command = (str(python.path), "-m", "infra", "test", *(arguments.rest or PARTS))
    return subprocess.run(command, cwd=environment.ROOT, env=surroundings(python), check=False).returncode


def surroundings(python: Python) -> dict[str, str]:
    """Our variables, with an environment beside the usual one."""
    return {**os.environ, "VENTROS_VENV": str(beside(environment.folder(), python))}


def beside(folder: Path, python: Python) -> Path:
    return folder.with_name(f"{folder.name}-{python.version}")
