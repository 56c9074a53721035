"""Make the project's own Python environment from a hash-locked file; standard library only."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
LOCKS = Path(__file__).resolve().parent / "locks"
# What holds all of what another holds.
LARGER = {"demo": ("test", "bench"), "bench": (), "test": ()}
STATE = "ventros.json"
GUARD = ".lock"
QUIET_SECONDS = 15.0
# Where programs are begun as another user, gRPC's handlers of forks begin threads in what is about to become one, and
# it may hang before it does.
FORKING = {"GRPC_ENABLE_FORK_SUPPORT": "0"}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def folder() -> Path:
    """Return where the environment lives: VENTROS_VENV, or `.venv` beside the project's own folders."""
    return Path(os.environ.get("VENTROS_VENV") or ROOT / ".venv").absolute()


def python(venv: Path) -> Path:
    return venv / "bin" / "python"


def ensure(venv: Path, lock: str, locks: Path = LOCKS) -> Path:
    """Make `venv` hold what a lock file names, unless it does, and return its Python.

    Several may ask at once: one works, the others wait. What a killed one left behind is made anew.
    """
    if not holds(venv, lock, locks):
        with guarded(venv):
            if not holds(venv, lock, locks):
                make(venv, lock, locks)
    return python(venv)


def holds(venv: Path, lock: str, locks: Path = LOCKS) -> bool:
    """Tell whether the last finished installation was of this lock, or of a larger one, as they are now."""
    state = read_state(venv)
    wanted = [name for name in (lock, *LARGER.get(lock, ())) if name == state.get("lock")]
    return bool(wanted) and os.access(python(venv), os.X_OK) and state.get("sha256") == digest(locks, wanted[0])


def make(venv: Path, lock: str, locks: Path) -> None:
    if not can_be_kept(venv):
        clear(venv)
        create(venv)
    write_state(venv, {"state": "unfinished"})
    install(venv, lock, locks / f"{lock}.txt")
    write_state(venv, {"state": "finished", "lock": lock, "sha256": digest(locks, lock)})


def can_be_kept(venv: Path) -> bool:
    """Tell whether a whole environment is there: new enough, with pip, and no installation broke off in it."""
    if read_state(venv).get("state") == "unfinished" or not os.access(python(venv), os.X_OK):
        return False
    trial = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python(venv), "-c", trial], capture_output=True, check=False).returncode == 0


def clear(venv: Path) -> None:
    """Empty the folder but for the guard that is held; refuse a folder that is no environment."""
    entries = [entry for entry in venv.iterdir() if entry.name != GUARD]
    if entries and not any(entry.name in (STATE, "pyvenv.cfg") for entry in entries):
        raise SetupError(f"{venv} holds other things than a Python environment; choose another folder in VENTROS_VENV.")
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def create(venv: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        remedy = f"install it (on Debian or Ubuntu: apt install python{version}-venv) and run this again"
        raise SetupError(f"Python's venv module is missing; {remedy}.")
    write_state(venv, {"state": "unfinished"})
    (venv / ".gitignore").write_text("*\n")
    follow([sys.executable, "-m", "venv", str(venv)], Progress(f"Making a Python environment in {venv}"))


def install(venv: Path, lock: str, file: Path) -> None:
    """Install exactly what a lock file names, each file checked against its hash."""
    # The lock names everything, so nothing is left to resolve.
    command = [str(python(venv)), "-m", "pip", "install", "--require-hashes", "--no-deps", "--progress-bar", "off"]
    total = sum(1 for line in file.read_text().splitlines() if re.match(r"[\w.-]+(\[.*\])?==", line))
    progress = Progress(f"Installing the packages for `{lock}` (first time only)", total)
    follow([*command, "--disable-pip-version-check", "-r", str(file)], progress)


def follow(command: Sequence[str], progress: Progress) -> None:
    """Run a program, showing how far it is; its last lines become the error when it fails."""
    tail: list[str] = []
    # The program inherits the guard: should we be killed, the next starter waits until it too has ended.
    with (
        progress,
        subprocess.Popen(command, stdout=PIPE, stderr=STDOUT, text=True, env=environment(), close_fds=False) as run,
    ):
        try:
            for line in run.stdout or ():
                tail = [*tail[-14:], line.rstrip()]
                progress.heard(line)
        except BaseException:
            run.terminate()
            raise
    if run.returncode:
        raise SetupError("\n".join((f"This failed: {' '.join(command)}", *tail)))


def environment() -> dict[str, str]:
    """Return our variables without those that would lead Python or pip elsewhere, or forbid compiled files."""
    unwanted = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__")
    return {**{name: value for name, value in os.environ.items() if name not in unwanted}, **FORKING}


class Progress:
    """One line that moves on a terminal; elsewhere a line at the start and one now and then."""

    def __init__(self, title: str, total: int = 0, output: IO[str] | None = None) -> None:
        self.title, self.total, self.seen, self.unpacking = title, total, 0, False
        self.output = output or sys.stderr
        self.live = self.output.isatty()
        self.began = time.monotonic()
        self.ended = threading.Event()
        self.ticker = threading.Thread(target=self.tick)

    def __enter__(self) -> Progress:  # noqa: PYI034 - Self is newer than what must parse this
        if not self.live:
            self.say(f"{self.title} …\n")
        self.ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.ticker.join()
        if self.live:
            self.say("\r\033[K")

    def heard(self, line: str) -> None:
        """Take note of a line of pip's output."""
        self.seen += line.startswith("Collecting ")
        self.unpacking = self.unpacking or line.startswith("Installing collected")

    def tick(self) -> None:
        """Show that it goes on, until it has ended."""
        turn = 0
        while not self.ended.wait(0.1 if self.live else QUIET_SECONDS):
            turn += 1
            sign = SPINNER[turn % len(SPINNER)]
            line = f"{sign} {self.state()}"[: shutil.get_terminal_size().columns - 1]
            self.say(f"\r{line}\033[K" if self.live else f"  {self.state()}\n")

    def state(self) -> str:
        counted = f"{min(self.seen, self.total)} of {self.total}" if self.seen else ""
        what = "unpacking" if self.unpacking else counted
        return " ".join(filter(None, (self.title, what, f"{time.monotonic() - self.began:.0f} s")))

    def say(self, text: str) -> None:
        self.output.write(text)
        self.output.flush()


@contextmanager
def guarded(venv: Path) -> Iterator[None]:
    """Hold the environment for ourselves; the system lets go when we end, however we end."""
    venv.mkdir(parents=True, exist_ok=True)
    with (venv / GUARD).open("a") as guard:
        os.set_inheritable(guard.fileno(), True)  # noqa: FBT003 - it has no name
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"Waiting for another command that is preparing {venv} …\n")
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def digest(locks: Path, lock: str) -> str:
    return hashlib.sha256((locks / f"{lock}.txt").read_bytes()).hexdigest()


def read_state(venv: Path) -> dict[str, str]:
    """Return what the last installation wrote of itself; nothing if there was none or it cannot be read."""
    try:
        state = json.loads((venv / STATE).read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(venv: Path, state: dict[str, str]) -> None:
    draft = venv / f"{STATE}.new"
    draft.write_text(json.dumps(state))
    draft.replace(venv / STATE)
