"""The secrets of an installation: those that are missing are made, those that are there stay as they are."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from infra.cloud.certificates import authority_of, new_certificate
from infra.local.keys import new_keys

DATABASE = "ventros"
POOLER_PORT = 6432


class Keeps(Protocol):
    def latest(self, name: str) -> str | None: ...
    def add(self, name: str, value: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Door:
    """How a role reaches the database, and the secret that says so."""

    kept_in: str
    pooled: bool
    database: str = DATABASE


# The poolers keep the resolver's few connections apart under a name of their own for the same database.
DOORS = {
    "ventros_app": Door(kept_in="database_url", pooled=True),
    "ventros_resolver": Door(kept_in="resolver_database_url", pooled=True, database="ventros_resolver"),
    "ventros_observer": Door(kept_in="observer_database_url", pooled=True),
    "ventros_relay": Door(kept_in="relay_database_url", pooled=False),
    "ventros_owner": Door(kept_in="owner_database_url", pooled=False),
}


def fill(
    vault: Keeps,
    *,
    database_host: str,
    pooler_host: str,
    server_authority: str,
    new_link_key: Callable[[], tuple[str, str]],
) -> dict[str, str]:
    """Make what is missing, bring up to date what follows from the rest, and return each role's password.

    `new_link_key` makes a key that links to stored files are signed with: its id and its secret.
    """
    _keys(vault)
    if vault.latest("storage_key_id") is None or vault.latest("storage_key_secret") is None:
        key_id, secret = new_link_key()
        vault.add("storage_key_id", key_id)
        vault.add("storage_key_secret", secret)
    passwords = {role: _password(vault, door.kept_in) for role, door in DOORS.items()}
    for role, door in DOORS.items():
        _keep(vault, door.kept_in, url_of(role, passwords[role], door, database_host, pooler_host))
    pooled = (role for role, door in DOORS.items() if door.pooled)
    _keep(vault, "pooler_users", "".join(f'"{role}" "{passwords[role]}"\n' for role in pooled))
    _keep(vault, "database_ca", _pooler_authority(vault, pooler_host) + server_authority.strip() + "\n")
    return passwords


def url_of(role: str, password: str, door: Door, database_host: str, pooler_host: str) -> str:
    """Say where a role connects. Cloud SQL's certificate names no address, but its authority signs for it alone.

    With the database's own address for the poolers', Cloud SQL pools: under its certificate, and without other names.
    """
    login = f"postgresql://{role}:{password}"
    if door.pooled and pooler_host != database_host:
        return f"{login}@{pooler_host}:{POOLER_PORT}/{door.database}"
    return f"{login}@{database_host}:{POOLER_PORT if door.pooled else 5432}/{DATABASE}?sslmode=verify-ca"


def _keys(vault: Keeps) -> None:
    fresh = new_keys()
    if vault.latest("encryption_keys") is None:
        vault.add("encryption_keys", fresh.encryption_keys)
    if vault.latest("smoke_password") is None:
        vault.add("smoke_password", secrets.token_urlsafe(32))
    if vault.latest("token_signing_key") is None or vault.latest("token_public_keys") is None:
        vault.add("token_signing_key", fresh.token_signing_key)
        vault.add("token_public_keys", fresh.token_public_keys)


def _password(vault: Keeps, secret: str) -> str:
    known = vault.latest(secret)
    return unquote(urlsplit(known).password or "") if known else secrets.token_urlsafe(32)


def _pooler_authority(vault: Keeps, address: str) -> str:
    chain = vault.latest("pooler_certificate")
    if chain is None or vault.latest("pooler_key") is None:
        chain, key = new_certificate(address)
        vault.add("pooler_key", key)
        vault.add("pooler_certificate", chain)
    return authority_of(chain)


def _keep(vault: Keeps, name: str, value: str) -> None:
    if vault.latest(name) != value:
        vault.add(name, value)
