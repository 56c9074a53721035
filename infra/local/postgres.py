"""The embedded Postgres: one cluster in one folder, reached over TCP on this machine only."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from ssl import SSLContext
from typing import Self
from urllib.parse import urlsplit

from pg8000.native import Connection, identifier

from infra.local import place
from infra.local.process import Child, clean_environment

HOST = "127.0.0.1"
SUPERUSER = "postgres"
READY_SECONDS = 60.0
LEFTOVER_SECONDS = 10.0
STOP_SECONDS = 20.0
PORT_ATTEMPTS = 5
# Fit for a small machine; the session limits protect it from a caller that forgot to commit.
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_locks_per_transaction": "512",  # on average: a page of history locks a name for each of its messages
    "autovacuum_naptime": "15s",  # a history fills empty tables: till they are counted, every plan is a guess
    "idle_in_transaction_session_timeout": "60s",
    "log_min_duration_statement": "-1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Both give Unicode's own order and case on every machine; the older one has only the system's library.
LOCALES = {
    18: ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    16: ("--locale=C" if sys.platform == "darwin" else "--locale=C.UTF-8",),
}


class Cluster:
    """A Postgres of its own in `data_dir`; passwords lie beside it, readable by its owner only.

    `port` None takes a free one. `durable=False` trades safety for speed and is meant for tests.
    Root runs it as `nobody`, in a stand-in folder where `nobody` cannot enter `data_dir`.
    """

    def __init__(self, data_dir: Path, port: int | None = None, major: int = 18, *, durable: bool = True) -> None:
        self.wanted_dir, self.major, self.durable = data_dir.resolve(), major, durable
        self._fixed_port, self.port = port, port or 0
        self._account = place.account()
        self._child: Child | None = None
        self.data_dir = place.data_home(self.wanted_dir, self._account)
        self.log = self._beside("log")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._child.pid if self._child and self._child.alive else None

    @property
    def admin_url(self) -> str:
        return self.url(SUPERUSER, SUPERUSER)

    def url(self, role: str, database: str) -> str:
        """Return a connection URL with the role's password in it."""
        return f"postgresql://{role}:{self.password(role)}@{HOST}:{self.port}/{database}"

    def password(self, role: str) -> str:
        """Return a role's password, made up at the first call and kept; making the role with it is the caller's."""
        file = self._beside("passwords")
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if role not in known:
            known[role] = secrets.token_urlsafe(24)
            write_private(file, json.dumps(known))
        return known[role]

    def start(self) -> Self:
        """Make the cluster if there is none, start it, and return once it accepts connections.

        RuntimeError: it did not come up (its last log lines are in the message), or another process serves the folder.
        """
        if self.pid:
            return self
        self._make()
        wait_for_leftover(self.data_dir)
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port = self._fixed_port or free_port()
            self._child = self._spawn()
            if self._came_up(self._child):
                return self
            if self._fixed_port or attempt == PORT_ATTEMPTS or not self._port_was_taken():
                break
        self.stop()
        raise RuntimeError(f"Postgres did not start in {self.data_dir}:\n{self._last_words()}")

    def stop(self) -> None:
        """Stop at once but in order: sessions are ended and everything is written."""
        if self._child:
            self._child.stop(STOP_SECONDS, signal.SIGINT)
        self._child = None

    def kill(self) -> None:
        """End it as a power cut would; the next start recovers."""
        if self._child:
            self._child.kill()
        self._child = None

    def destroy(self) -> None:
        """Stop it and delete its data, its passwords and its log."""
        self.kill()
        wait_for_leftover(self.data_dir)
        shutil.rmtree(self.data_dir, ignore_errors=True)
        for suffix in ("log", "passwords", "moved"):
            self._beside(suffix).unlink(missing_ok=True)
        if self.data_dir != self.wanted_dir:
            shutil.rmtree(self.data_dir.parent)

    def clone(self, template: str, name: str) -> str:
        """Copy a database nobody is connected to, and return the copy's name."""
        return clone(self.admin_url, template, name)

    def drop(self, name: str) -> None:
        drop(self.admin_url, name)

    def _beside(self, suffix: str) -> Path:
        return self.wanted_dir.with_name(f"{self.wanted_dir.name}.{suffix}")

    def _make(self) -> None:
        """Make the cluster under another name first, so that a half-made one is never taken for a whole one."""
        if (self.data_dir / "PG_VERSION").exists():
            return
        draft = self.data_dir.with_name(f"{self.data_dir.name}.making")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = draft.with_name(f"{draft.name}.password")
        write_private(password, self.password(SUPERUSER))
        for path in (draft, password):
            os.chown(path, *self._account.ids)
        self._initdb(draft, password)
        password.unlink()
        draft.rename(self.data_dir)

    def _initdb(self, folder: Path, password: Path) -> None:
        command = (
            *(str(self._programs() / "initdb"), "--pgdata", str(folder), "--username", SUPERUSER, "--no-sync"),
            *("--encoding=UTF8", "--auth=scram-sha-256", f"--pwfile={password}", "--no-instructions"),
            *LOCALES[self.major],
        )
        done = subprocess.run(
            command,
            env=clean_environment(LC_ALL="C"),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **self._account.options(),
        )
        if done.returncode:
            raise RuntimeError(f"Postgres could not make its files in {folder}:\n{done.stdout}{done.stderr}")

    def _programs(self) -> Path:
        return place.programs(self.major, self._account)

    def _spawn(self) -> Child:
        settings = {**SETTINGS, "port": str(self.port), **({} if self.durable else FORGETFUL)}
        options = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        return Child(
            (str(self._programs() / "postgres"), "-D", str(self.data_dir), *options),
            clean_environment(LC_ALL="C"),
            self.log,
            account=self._account,
            cwd=self.data_dir,
            # Immediate shutdown: its sessions end at once, which the death of the postmaster alone would not do.
            orphan_signal=signal.SIGQUIT,
        )

    def _came_up(self, child: Child) -> bool:
        wait_until(lambda: not child.alive or is_ready(self.data_dir, child.pid), READY_SECONDS)
        return child.alive and is_ready(self.data_dir, child.pid)

    def _port_was_taken(self) -> bool:
        return "could not bind" in self._last_words()

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])


def clone(admin_url: str, template: str, name: str) -> str:
    """Copy a database nobody is connected to, and return the copy's name."""
    run(admin_url, f"CREATE DATABASE {identifier(name)} TEMPLATE {identifier(template)} STRATEGY FILE_COPY")
    return name


def drop(admin_url: str, name: str) -> None:
    """Delete a database if it is there, ending the sessions in it."""
    run(admin_url, f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)")


def run(url: str, statement: str) -> list[list[object]]:
    """Run one statement outside any transaction and return its rows."""
    with closing(connect(url)) as connection:
        return list(connection.run(statement) or [])


def connect(url: str, tls: SSLContext | None = None) -> Connection:
    """Open a connection to a URL as `Cluster.url` makes it, a plain one unless told how the server is verified."""
    parts = urlsplit(url)
    names = {"host": parts.hostname, "port": parts.port, "database": parts.path.removeprefix("/")}
    return Connection(parts.username, password=parts.password, ssl_context=tls or False, **names)


def is_ready(data_dir: Path, pid: int) -> bool:
    """Read the file in which the postmaster `pid` says how far it has come."""
    lines = read_lines(data_dir / "postmaster.pid")
    return bool(lines) and lines[0].strip() == str(pid) and lines[-1].strip() == "ready"


def wait_for_leftover(data_dir: Path) -> None:
    """Let a postmaster that lost its supervisor finish, and remove what one that was killed left behind.

    RuntimeError: one still serves the folder.
    """
    lines = read_lines(data_dir / "postmaster.pid")
    if not lines:
        return
    pid = int(lines[0])
    if not wait_until(lambda: not serves(pid, data_dir), LEFTOVER_SECONDS):
        raise RuntimeError(f"Postgres already serves {data_dir} as process {pid}; stop that one first.")
    (data_dir / "postmaster.pid").unlink(missing_ok=True)


def serves(pid: int, data_dir: Path) -> bool:
    """Tell whether a process is the Postgres of a folder; its number may have gone to another program since."""
    if Path("/proc/self/cmdline").exists():
        command = b""
        with suppress(FileNotFoundError, ProcessLookupError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        return os.fsencode(data_dir) in command
    listed = subprocess.run(
        ("ps", "-ww", "-o", "command=", "-p", str(pid)), capture_output=True, text=True, check=False
    )
    return str(data_dir) in listed.stdout


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask until it holds, and tell whether it came to hold in time."""
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return held


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def read_lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def write_private(file: Path, text: str) -> None:
    """Write a file in one step, readable by its owner only."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    draft.rename(file)
