"""Which newer Pythons this machine has: on PATH, or kept by pyenv."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NAME = re.compile(r"python3\.(\d+)")
# Asked whether it can make an environment, too; a release that is not final does not count.
QUESTION = "import ensurepip, sys, venv; print(sys.executable if sys.version_info[3] == 'final' else '')"
PATIENCE = 20.0


@dataclass(frozen=True, order=True)
class Python:
    """A Python 3 by its minor version."""

    minor: int
    path: Path

    @property
    def version(self) -> str:
        return f"3.{self.minor}"

    @property
    def is_newer(self) -> bool:
        """Whether it is another one than the running Python, which is the oldest that counts."""
        return self.minor > sys.version_info.minor


@cache
def newest() -> Python:
    """The newest that works; the running one when none is newer."""
    working = (Python(each.minor, path) for each in sorted(candidates(), reverse=True) if (path := real(each.path)))
    return next(working, Python(sys.version_info.minor, Path(sys.executable)))


def candidates() -> Iterator[Python]:
    """Programs named as a newer Python, whether they work or not."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for folder in (*folders, *pyenv.glob("versions/*/bin")):
        for file in folder.glob("python3.*"):
            named = NAME.fullmatch(file.name)
            if named and (python := Python(int(named[1]), file)).is_newer:
                yield python


def real(path: Path) -> Path | None:
    """Where the program really lies; None when it does not work, as a shim for a version that is not chosen."""
    try:
        done = subprocess.run((path, "-c", QUESTION), capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = done.stdout.strip()
    return Path(told) if told and not done.returncode else None
