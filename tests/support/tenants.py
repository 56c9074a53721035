"""Tenants to test with, made by one round trip: a project, a person of each role, and a key for each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher

from shared.kernel.ids import uuid7
from shared.runtime.identity import Role, api_key, hash_secret, issue_token, new_secret
from shared.runtime.postgres import Connections, Sql, sql

PASSWORD = "correct horse battery"

_TENANT = """
insert into tenants (id, tenant_id, version, name) values (:tenant_id, :tenant_id, 1, :name)
"""
_PROJECT = """
insert into projects (id, tenant_id, version, name) values (:project_id, :tenant_id, 1, 'Default')
"""
_USER = """
insert into users (id, tenant_id, version, email, name, password_hash)
values (:user_id, :tenant_id, 1, :email, :name, :password_hash)
"""
_LOGIN = "insert into logins (email, tenant_id, user_id) values (:email, :tenant_id, :user_id)"
_MEMBERSHIP = """
insert into memberships (id, tenant_id, version, project_id, user_id, role)
values (:id, :tenant_id, 1, :project_id, :user_id, :role)
"""
_KEY = """
insert into api_keys (id, tenant_id, version, project_id, user_id, name, role, secret_hash, hint)
values (:id, :tenant_id, 1, :project_id, :user_id, 'made for tests', :role, :secret_hash, :hint)
"""
_LOGIN_SESSION = """
insert into login_sessions
    (id, tenant_id, version, project_id, user_id, family_hash, secret_hash, renewed_at, expires_at)
values (
    :session_id, :tenant_id, 1, :project_id, :user_id, :secret_hash, :secret_hash, now(), now() + interval '30 days'
)
"""


@dataclass(frozen=True)
class ApiKey:
    """A person's API key; can be `as_=` in the person's place."""

    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user with a role in the tenant's default project; as `as_=` it comes with a fresh token."""

    tenant_id: UUID
    project_id: UUID
    user_id: UUID
    session_id: UUID
    role: Role
    email: str
    key: ApiKey
    password: str = PASSWORD

    @property
    def token(self) -> str:
        ids = {"tenant_id": self.tenant_id, "user_id": self.user_id, "project_id": self.project_id}
        return issue_token(**ids, session_id=self.session_id)[0]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, kw_only=True)
class Tenant:
    tenant_id: UUID
    project_id: UUID
    admin: Person
    agent: Person
    viewer: Person

    @property
    def people(self) -> tuple[Person, Person, Person]:
        return self.admin, self.agent, self.viewer


NewTenant = Callable[..., Tenant]


def new_tenant(admin: Connections, name: str = "Padaria Aurora") -> Tenant:
    """Write a tenant with all that belongs to it; `admin` are connections that row-level security does not bind."""
    tenant_id, project_id = uuid7(), uuid7()
    statements = [
        sql(_TENANT, tenant_id=tenant_id, name=name),
        sql(_PROJECT, tenant_id=tenant_id, project_id=project_id),
    ]
    people = {}
    for role in Role:
        people[role.name.lower()], rows = _person(tenant_id, project_id, role)
        statements.extend(rows)
    admin.run(*statements)
    return Tenant(tenant_id=tenant_id, project_id=project_id, **people)


def _person(tenant_id: UUID, project_id: UUID, role: Role) -> tuple[Person, list[Sql]]:
    name, secret, user_id = role.name.lower(), new_secret(), uuid7()
    email = f"{name}-{user_id.hex[-12:]}@example.com"
    facts: dict[str, Any] = {
        "id": uuid7(),
        "tenant_id": tenant_id,
        "project_id": project_id,
        "user_id": user_id,
        "session_id": uuid7(),
        "email": email,
        "name": name.title(),
        "role": name,
        "password_hash": _password_hash(),
        "secret_hash": hash_secret(secret),
        "hint": secret[-4:],
    }
    person = Person(
        tenant_id=tenant_id,
        project_id=project_id,
        user_id=user_id,
        session_id=facts["session_id"],
        role=role,
        email=email,
        key=ApiKey(api_key(tenant_id, secret)),
    )
    return person, [Sql(text, facts) for text in (_USER, _LOGIN, _MEMBERSHIP, _KEY, _LOGIN_SESSION)]


@cache
def _password_hash() -> str:
    """A real hash, of a kind that costs next to nothing to check."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
