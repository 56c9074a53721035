"""A real PgBouncer before the tests' Postgres, told what the cloud's poolers are told."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from infra.environment import ROOT
from infra.local import place
from infra.local.postgres import HOST, free_port, wait_until, write_private
from infra.local.process import Child
from shared.runtime import wire
from tests.support.postgres import Database

SCRIPT = ROOT / "terraform/modules/pooler/pooler.sh.tftpl"
FOLDER = "/etc/pgbouncer"
SOCKETS = "/var/run/postgresql"
# The embedded Postgres speaks no TLS; what the cloud's poolers ask of the database's certificate cannot be tried here.
WITHOUT_TLS_BEHIND = r"server_tls_.*\n"
WITHOUT_TLS = r"(client|server)_tls_.*\n"
READY_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Connections of one pooler: to the database by role, and from clients."""

    app_connections: int = 2
    resolver: int = 1
    reserve: int = 0
    clients: int = 200


@dataclass(frozen=True)
class Pooler:
    """The ways into a database through a pooler that runs."""

    database: Database
    port: int
    folder: Path

    def url(self, role: str, name: str = "ventros") -> str:
        return f"postgresql://{role}:{self.database.server.passwords[role]}@{HOST}:{self.port}/{name}"

    @property
    def app_url(self) -> str:
        return self.url("ventros_app")

    @property
    def resolver_url(self) -> str:
        return self.url("ventros_resolver", "ventros_resolver")

    @property
    def observer_url(self) -> str:
        return self.url("ventros_observer")

    def environment(self) -> dict[str, str]:
        """The settings of a function in the cloud: what has no relay's work to do knows the pooler alone."""
        return {
            **self.database.environment(),
            "DATABASE_URL": self.app_url,
            "RESOLVER_DATABASE_URL": self.resolver_url,
            "OBSERVER_DATABASE_URL": self.observer_url,
        }


def version() -> tuple[int, ...]:
    """Of the PgBouncer that is installed; empty without one."""
    program = shutil.which("pgbouncer")
    if program is None:
        return ()
    said = subprocess.run((program, "--version"), capture_output=True, text=True, check=True).stdout
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else ()


def why_not() -> str:
    """Why it cannot be tried here; empty when it can."""
    return "" if version() else "pgbouncer is not installed (on Debian: apt install pgbouncer)"


def keeps_statements() -> bool:
    """Whether it knows statements by their names; the cloud's are new enough, and refuse to start if not."""
    return version() >= (1, 21)


@contextmanager
def pooled(database: Database, sizes: Sizes | None = None, tls: tuple[str, str] | None = None) -> Iterator[Pooler]:
    """Run a pooler for the length of the block; `tls` is a certificate and its key.

    One that is too old to know named statements is sent unnamed ones: all else is the same.
    """
    who = place.account()
    folder = Path(tempfile.mkdtemp(prefix="ventros-pooler-"))
    port = free_port()
    files = {
        "userlist.txt": "".join(f'"{role}" "{password}"\n' for role, password in database.server.passwords.items()),
        "pgbouncer.ini": configuration(database, port, folder, sizes or Sizes(), tls=tls is not None),
        **(dict(zip(("server.pem", "server.key"), tls, strict=True)) if tls else {}),
    }
    for name, text in files.items():
        write_private(folder / name, text)
    for path in (folder, *folder.iterdir()):
        os.chown(path, *who.ids)
    command = (shutil.which("pgbouncer") or "pgbouncer", str(folder / "pgbouncer.ini"))
    most = wire.MOST_PREPARED if keeps_statements() else 0
    try:
        with (
            Child(command, None, folder.with_suffix(".log"), account=who) as child,
            patch.object(wire, "MOST_PREPARED", most),
        ):
            if not wait_until(lambda: not child.alive or _answers(port), READY_SECONDS) or not child.alive:
                raise RuntimeError(f"PgBouncer did not start:\n{child.log.read_text()}")
            yield Pooler(database, port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)


def configuration(database: Database, port: int, folder: Path, sizes: Sizes, *, tls: bool) -> str:
    """What Terraform writes for a pooler, with this machine's addresses in it."""
    text = filled(written("INI"), {**vars(sizes), "database_host": HOST, "port": port})
    here = {
        "port=5432": f"port={database.server.port}",
        "dbname=ventros": f"dbname={database.name}",
        "listen_addr = *": f"listen_addr = {HOST}",
        FOLDER: str(folder),
        SOCKETS: str(folder),
    }
    for cloud, ours in here.items():
        text = text.replace(cloud, ours)
    text = re.sub(WITHOUT_TLS_BEHIND if tls else WITHOUT_TLS, "", text)
    return text if keeps_statements() else re.sub(r"max_prepared_statements.*\n", "", text)


def written(name: str) -> str:
    """A file that the poolers' script writes, by the word that ends it there."""
    (text,) = re.findall(rf"<<'{name}'\n(.*?)^{name}$", SCRIPT.read_text(), re.MULTILINE | re.DOTALL)
    return str(text)


def filled(template: str, values: Mapping[str, object]) -> str:
    """Put names, and sums of names, where a template asks for them."""

    def value(match: re.Match[str]) -> str:
        names = match[1].split(" + ")
        return str(values[names[0]] if len(names) == 1 else sum(int(str(values[name])) for name in names))

    return re.sub(r"(?<!\$)\$\{([^}]+)\}", value, template).replace("$${", "${")


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
