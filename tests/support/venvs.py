"""Fresh environments for bundles: each holds one requirements.txt and nothing else, on the newest Python there is."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from infra import environment
from infra.bundle.requirements import Requirements
from infra.bundle.sources import Sources
from infra.pythons import newest

PROBE = "six"  # small, and needed by nearly all
PATIENCE = 600.0
KEPT = environment.ROOT / ".ventros/venvs"


class Uninstallable(Exception):
    """The requirements cannot be installed as they stand; the message is the installer's."""


def venv_for(requirements: bytes, folder: Path = KEPT) -> Path:
    """The folder of programs of an environment that holds these, made when it is first asked for. Uninstallable.

    Equal requirements share one, as do later runs. Several may ask at once: one works, the others wait.
    """
    name = hashlib.sha256(newest().version.encode() + requirements).hexdigest()[:16]
    place, ready = folder / name, folder / f"{name}.ready"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not ready.exists():
            make(place, requirements)
        ready.touch()
    return place / "bin"


def forget_old(folder: Path = KEPT, days: int = 7) -> None:
    """Remove environments that nobody has asked for in so many days."""
    for ready in folder.glob("*.ready"):
        if time.time() - ready.stat().st_mtime > days * 24 * 3600:
            ready.unlink()
            shutil.rmtree(ready.with_suffix(""), ignore_errors=True)


def make(place: Path, requirements: bytes) -> None:
    """Make an environment and install what is listed, each file held against its hash, as the platform does."""
    shutil.rmtree(place, ignore_errors=True)
    python, listed = place / "bin" / "python", place.with_suffix(".txt")
    listed.parent.mkdir(parents=True, exist_ok=True)
    listed.write_bytes(requirements)
    wanted = ("install", "--quiet", "--require-hashes", "--requirement", str(listed))
    if uv := uv_program():
        follow((uv, "venv", "--quiet", "--python", str(newest().path), str(place)))
        follow((uv, "pip", *wanted, "--python", str(python)))
    else:
        follow((str(newest().path), "-m", "venv", "--without-pip", str(place)))
        follow((*pip("--python", str(python)), *wanted, "--no-compile"))


def pip(*options: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pip", "--disable-pip-version-check", *options)


@cache
def uv_program() -> str | None:
    """Where uv is, which is ten times quicker than pip; None when there is none that works."""
    found = shutil.which("uv")
    works = found and subprocess.run((found, "--version"), capture_output=True, check=False).returncode == 0
    return found if works else None


def follow(command: Sequence[str]) -> None:
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment.environment(),
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise Uninstallable(done.stdout.strip()[-1000:])


@cache
def unreachable() -> str:
    """Why nothing can be fetched here; empty when the index of packages answers."""
    requirements = Requirements(Sources.here())
    with tempfile.TemporaryDirectory(prefix="ventros-probe-") as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text(requirements.text({PROBE}))
        fetch = ("download", "--quiet", "--no-deps", "--require-hashes", "--dest", folder, "--requirement", str(listed))
        try:
            follow((*pip("--retries", "0", "--no-cache-dir"), *fetch))
        except (Uninstallable, subprocess.TimeoutExpired):
            return f"the index of packages does not give {PROBE}, so no environment can be made"
    return ""
