"""`infra prepare`: make secrets, roles, limits and schema of an installation in the cloud; again and again the same."""

import argparse
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from infra.cloud.google import DatabaseServer, LinkKeys, Refused, Vault, session
from infra.cloud.secrets import DATABASE, Keeps, fill
from infra.migrate import is_newer, limit_roles, make_database, make_extensions, make_roles, migrate

ADMINISTRATOR = "postgres"
EXTENSIONS = ("vector", "pg_trgm")
VARIABLES = (
    *("GOOGLE_PROJECT", "DATABASE_INSTANCE", "DATABASE_HOST", "POOLER_HOST"),
    *("CONNECTION_LIMITS", "LINKS_ACCOUNT"),
)


class Serves(Protocol):
    def authority(self) -> str: ...
    def set_password(self, user: str, password: str) -> None: ...


class Signs(Protocol):
    def new(self) -> tuple[str, str]: ...


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Where things are, as Terraform tells its job."""

    database_host: str
    pooler_host: str
    limits: Mapping[str, int]
    port: int = 5432

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        return cls(
            database_host=environment["DATABASE_HOST"],
            pooler_host=environment["POOLER_HOST"],
            limits=json.loads(environment["CONNECTION_LIMITS"]),
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"It runs as a job of the cloud and reads {', '.join(VARIABLES)} from its environment."


def run(_: argparse.Namespace) -> int:
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"Terraform's job sets {', '.join(missing)}; run this there.\n")
        return 2
    speaks = session()
    vault = Vault(speaks, os.environ["GOOGLE_PROJECT"])
    server = DatabaseServer(speaks, os.environ["DATABASE_INSTANCE"])
    keys = LinkKeys(speaks, os.environ["GOOGLE_PROJECT"], os.environ["LINKS_ACCOUNT"])
    try:
        prepare(Installation.of(os.environ), vault, server, keys)
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def prepare(place: Installation, vault: Keeps, server: Serves, keys: Signs) -> None:
    """Bring an installation to where this version of the code expects it."""
    authority = server.authority()
    passwords = fill(
        vault,
        database_host=place.database_host,
        pooler_host=place.pooler_host,
        server_authority=authority,
        new_link_key=keys.new,
    )
    with tempfile.TemporaryDirectory(prefix="ventros-authority-") as folder:
        way = _Way(place, Path(folder), authority)
        # The administrator's password is new every time and kept by nobody.
        password = secrets.token_urlsafe(32)
        server.set_password(ADMINISTRATOR, password)
        admin_url = way.url(ADMINISTRATOR, password, ADMINISTRATOR)
        make_roles(admin_url, passwords)
        limit_roles(admin_url, place.limits)
        make_database(admin_url, DATABASE)
        make_extensions(way.url(ADMINISTRATOR, password, DATABASE), EXTENSIONS)
        bring_up(way.url("ventros_owner", passwords["ventros_owner"], DATABASE))


def bring_up(owner_url: str) -> None:
    """Bring the schema to this version of the code; a newer one stays, as every version works on the next one's."""
    if is_newer(owner_url):
        print("The schema is of a later version of this code; it stays as it is.")
    else:
        migrate(owner_url)


class _Way:
    """The way to the database itself, verified by its authority where it has one."""

    def __init__(self, place: Installation, folder: Path, authority: str) -> None:
        self._place, self._query = place, ""
        if authority:
            file = folder / "authority.pem"
            file.write_text(authority)
            self._query = f"?sslmode=verify-ca&sslrootcert={file}"

    def url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{self._place.database_host}:{self._place.port}/{database}{self._query}"
