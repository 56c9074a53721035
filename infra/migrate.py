"""`infra migrate`: make the roles, and bring a database's schema up or down."""

import argparse
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from ssl import SSLContext
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import NullPool

from shared.runtime.postgres import verifying
from shared.runtime.settings import settings

ROOT = Path(__file__).parents[1]
VERSION_TABLE = "schema_version"
ROLE_SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}
ROLES = ("ventros_app", "ventros_observer", "ventros_relay", "ventros_resolver")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revision", nargs="?", default="head", help="a revision, head, base, +1 or -1 (default: head)")
    parser.add_argument("--database-url", default=os.environ.get("OWNER_DATABASE_URL"), help="the owner's connection")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.database_url:
        print("Say which database with --database-url or OWNER_DATABASE_URL; use the owner's role.")
        return 2
    migrate(arguments.database_url, arguments.revision)
    return 0


def migrate(database_url: str, revision: str = "head") -> None:
    """Move the schema of a database to a revision; down when that lies below the present one."""
    engine = engine_of(database_url)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        move = command.downgrade if lies_below(revision, passed(config, connection)) else command.upgrade
        move(config, revision)


def is_newer(database_url: str) -> bool:
    """Whether a database has the schema of a later version of this code, as after a deploy that was taken back."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    with engine_of(database_url).connect() as connection:
        return revision_of(connection) not in {None, *known}


def revision_of(connection: Connection) -> str | None:
    """The revision whose schema a database has; None for an empty one."""
    present = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    connection.rollback()
    return present


def passed(config: Config, connection: Connection) -> list[str]:
    """Name the revisions whose schema the database has, the present one first."""
    present = revision_of(connection)
    steps = ScriptDirectory.from_config(config).iterate_revisions(present, "base") if present else ()
    return [step.revision for step in steps]


def lies_below(revision: str, known: list[str]) -> bool:
    return revision == "base" or revision.startswith("-") or revision in known[1:]


def make_roles(admin_url: str, passwords: dict[str, str]) -> None:
    """Make the owner and the roles that serve, none of them a superuser, none above row-level security.

    `passwords` names every role: ventros_owner and ROLES. Running it again changes only the passwords.
    """
    with engine_of(admin_url, isolation_level="AUTOCOMMIT").connect() as connection:
        for role, password in passwords.items():
            # Only a superuser may say of a role that is there that it shall not be one.
            if not connection.execute(text("select 1 from pg_roles where rolname = :role"), {"role": role}).first():
                connection.exec_driver_sql(f"create role {role} login nosuperuser nobypassrls")
            quoted = password.replace("'", "''")
            connection.exec_driver_sql(f"alter role {role} password '{quoted}'")
            for setting, value in ROLE_SETTINGS.items() if role in ROLES else ():
                connection.exec_driver_sql(f"alter role {role} set {setting} = '{value}'")


def limit_roles(admin_url: str, limits: Mapping[str, int]) -> None:
    """Let each role hold so many connections at once."""
    with engine_of(admin_url, isolation_level="AUTOCOMMIT").connect() as connection:
        for role, limit in limits.items():
            connection.exec_driver_sql(f"alter role {role} connection limit {int(limit)}")


def make_extensions(database_url: str, names: Iterable[str]) -> None:
    """Add to a database those of the extensions that its server has."""
    with engine_of(database_url, isolation_level="AUTOCOMMIT").connect() as connection:
        offered = set(connection.execute(text("select name from pg_available_extensions")).scalars())
        for name in sorted(offered & set(names)):
            connection.exec_driver_sql(f"create extension if not exists {name}")


def make_database(admin_url: str, name: str) -> None:
    """Make an empty database that the owner owns, unless it is there."""
    with engine_of(admin_url, isolation_level="AUTOCOMMIT").connect() as connection:
        if not connection.execute(text("select 1 from pg_database where datname = :name"), {"name": name}).first():
            # Who is no superuser gives away only what it could take.
            if not connection.execute(text("select rolsuper from pg_roles where rolname = current_user")).scalar():
                connection.exec_driver_sql("grant ventros_owner to current_user")
            connection.exec_driver_sql(f"create database {name} owner ventros_owner")
            connection.exec_driver_sql(f"revoke connect on database {name} from public")
            connection.exec_driver_sql(f"grant connect on database {name} to ventros_owner, {', '.join(ROLES)}")


def engine_of(database_url: str, **options: Any) -> Engine:
    """An engine that keeps no connections."""
    tls = tls_of(database_url)
    if tls:
        options["connect_args"] = {"ssl_context": tls}
    url = driver_url(database_url).difference_update_query(("sslmode", "sslrootcert"))
    return create_engine(url, poolclass=NullPool, **options)


def tls_of(database_url: str) -> SSLContext | None:
    """How a server is verified: `?sslmode=verify-ca&sslrootcert=FILE` in its URL, or DATABASE_CA, says by whom."""
    query = make_url(database_url).query
    authority = query.get("sslrootcert") or settings().database_ca
    return verifying(str(authority), host=query.get("sslmode") != "verify-ca") if authority else None


def driver_url(database_url: str) -> URL:
    return make_url(database_url).set(drivername="postgresql+pg8000")
