"""Start, stop and never outlive: a supervised process that ends when its supervisor does, however that one ends."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

from infra.environment import FORKING

# What a child may see of the environment it was started from; the rest would make runs differ between machines.
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TMPDIR", "TZ", "CI", "COLUMNS", "NO_COLOR")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
# A child waits for one line before it becomes its program: the reaper knows its id by then.
GATE = ("/bin/sh", "-c", 'read -r go && exec "$@"', "sh")


def clean_environment(**extra: str) -> dict[str, str]:
    """Take the few variables a child needs from ours, and add `extra`."""
    kept = {name: os.environ[name] for name in (*INHERITED, *CERTIFICATES) if name in os.environ}
    return {**kept, **FORKING, **extra}


class Options(TypedDict):
    """How `subprocess` wants to hear whom a program runs as."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True)
class Account:
    """The user and group a program runs as; without an id, the supervisor's own."""

    uid: int | None = None
    gid: int | None = None

    @property
    def ids(self) -> tuple[int, int]:
        """The numbers `os.chown` takes, where -1 leaves things as they are."""
        return (-1 if self.uid is None else self.uid, -1 if self.gid is None else self.gid)

    def options(self) -> Options:
        return Options(user=self.uid, group=self.gid, extra_groups=None if self.uid is None else [])


OWN = Account()


class Child:
    """A program in a session of its own, writing to a log file; it is ended when this process ends, by SIGKILL too.

    `orphan_signal` is what the program gets then; three seconds later the rest of its group is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None,
        log: Path,
        *,
        account: Account = OWN,
        cwd: Path | None = None,
        orphan_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.command, self.log = tuple(command), log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                (*GATE, *command),
                env=clean_environment() if env is None else env,
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **account.options(),
            )
        self.pid: int = self._process.pid
        reaper.watch(self._process, orphan_signal)
        self._open_gate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _open_gate(self) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.write(b"\n")  # type: ignore[union-attr] # it was asked for
            self._process.stdin.close()  # type: ignore[union-attr] # it was asked for

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while the program runs."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Return the exit code, or None when the program still runs after `timeout` seconds."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout)
        return None

    def stop(self, grace: float = 10, sign: signal.Signals = signal.SIGTERM) -> int:
        """Ask the whole group to end, kill what is left after `grace` seconds, and return the exit code."""
        if self.alive:
            send(self.pid, sign)
            self.wait(grace)
        return self.kill()

    def kill(self) -> int:
        """Kill the whole group at once and return the exit code."""
        send(self.pid, signal.SIGKILL)
        code = self._process.wait()
        reaper.forget(self.pid)
        return code


def send(group: int, sign: signal.Signals) -> None:
    """Signal a process group that may be gone; macOS answers EPERM for one that is only waited for."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sign)


class Reaper:
    """One small process that reads from us which children live, and ends them when our end of the pipe closes."""

    GRACE = 3.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def watch(self, child: subprocess.Popen[bytes], sign: signal.Signals) -> None:
        self._children[child.pid] = child
        self._tell(f"{child.pid} {int(sign)}\n")

    def forget(self, pid: int) -> None:
        if self._children.pop(pid, None):
            self._tell(f"{pid} 0\n")

    def close(self) -> None:
        """End every child that is still watched; done by itself when Python exits."""
        with self._lock:
            process, self._process = self._process, None
            children, self._children = self._children, {}
        if process and process.stdin:
            process.stdin.close()
            # A child that ended counts as living until it is polled.
            while process.poll() is None:
                for child in children.values():
                    child.poll()
                time.sleep(0.01)

    def _tell(self, line: str) -> None:
        with self._lock:
            self._process = self._process or self._start()
            os.write(self._process.stdin.fileno(), line.encode())  # type: ignore[union-attr] # it was asked for

    def _start(self) -> subprocess.Popen[bytes]:
        # Isolated and without site: it must start fast and import nothing of ours.
        atexit.register(self.close)
        command = (sys.executable, "-I", "-S", str(Path(__file__).with_name("reaper.py")), str(self.GRACE))
        return subprocess.Popen(command, env={}, stdin=subprocess.PIPE, start_new_session=True)


reaper = Reaper()
