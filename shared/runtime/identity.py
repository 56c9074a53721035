"""Who calls: tokens and API keys name a tenant and a user; role and project always come from our own rows."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum, StrEnum
from functools import cache
from typing import Any, Final, Literal
from uuid import UUID

from shared.kernel.errors import Forbidden, Unauthenticated
from shared.runtime.postgres import Row, Sql, sql
from shared.runtime.settings import settings
from shared.runtime.telemetry import note

TOKEN_LIFETIME = timedelta(hours=1)
_KEY = re.compile(r"vk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_LONGEST_TOKEN = 8192


class Role(IntEnum):
    """What a person may do in a project; a higher role may do all that a lower one may."""

    VIEWER = 1
    AGENT = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> "Role":
        return cls[name.upper()]


class Access(Enum):
    PUBLIC = "public"


PUBLIC: Final = Access.PUBLIC
Allow = Role | Literal[Access.PUBLIC]


class ActorType(StrEnum):
    USER = "user"
    API_KEY = "api_key"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who did it, as events and rows remember."""

    type: ActorType
    id: UUID | None = None


SYSTEM: Final = Actor(type=ActorType.SYSTEM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """The caller, proven: which tenant, which project, which person, how much may be done."""

    tenant_id: UUID
    project_id: UUID
    user_id: UUID
    role: Role
    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a credential says before any row was read: its tenant, and the query that proves the rest."""

    tenant_id: UUID
    proof: Sql
    actor_type: ActorType

    def begin(self) -> Sql:
        """The statement that puts the transaction under the claimed tenant; goes before `proof`."""
        return tenant_scope(self.tenant_id)

    def principal(self, rows: list[Row]) -> Principal:
        """The caller, from the rows that `proof` gave; none means the credential is not good."""
        if not rows or rows[0][0] is None:
            raise Unauthenticated("sign in first: this credential is unknown, revoked or of a suspended account")
        known = json.loads(rows[0][0])
        return Principal(
            tenant_id=self.tenant_id,
            project_id=UUID(known["project_id"]),
            user_id=UUID(known["user_id"]),
            role=Role.named(known["role"]),
            actor=Actor(type=self.actor_type, id=UUID(known["actor_id"])),
        )


def tenant_scope(tenant_id: UUID) -> Sql:
    return sql(
        "select set_config('app.tenant_id', :tenant_id, true), set_config('app.project_id', '', true)",
        tenant_id=str(tenant_id),
    )


# Who asks is set by the very query that proves the caller, so that one round trip carries all.
_PROVE_USER = """
select json_build_object('user_id', u.id, 'actor_id', u.id, 'project_id', m.project_id, 'role', m.role),
       set_config('app.project_id', m.project_id::text, true),
       set_config('app.user_id', u.id::text, true), set_config('app.role', m.role, true)
from users u
join memberships m on m.tenant_id = u.tenant_id and m.user_id = u.id
join tenants t on t.tenant_id = u.tenant_id
where u.tenant_id = :tenant_id and u.id = :user_id and m.project_id = :project_id
  and u.status = 'active' and t.status = 'active'
"""
_PROVE_KEY = """
select json_build_object('user_id', u.id, 'actor_id', k.id, 'project_id', k.project_id,
           'role', allowed.role),
       set_config('app.project_id', k.project_id::text, true),
       set_config('app.user_id', u.id::text, true), set_config('app.role', allowed.role, true)
from api_keys k
join users u on u.tenant_id = k.tenant_id and u.id = k.user_id
join memberships m on m.tenant_id = k.tenant_id and m.user_id = k.user_id and m.project_id = k.project_id
join tenants t on t.tenant_id = k.tenant_id
cross join lateral (
    select role from unnest(array['viewer', 'agent', 'admin']) with ordinality as ladder (role, step)
    where role in (k.role, m.role) order by step limit 1
) as allowed
where k.tenant_id = :tenant_id and k.secret_hash = :secret_hash and k.revoked_at is null
  and u.status = 'active' and t.status = 'active'
"""


def permit(principal: Principal, allow: Role) -> None:
    """Let the caller go on, or raise Forbidden."""
    note(tenant_id=principal.tenant_id)
    if principal.role < allow:
        raise Forbidden(f"this needs the role {allow.name.lower()}; yours is {principal.role.name.lower()}")


def claim_of(header: Callable[[str], str | None]) -> Claim:
    """Read the caller's credential: a bearer token as the gateway forwards it, or an API key.

    The gateway moves the caller's `Authorization` to `X-Forwarded-Authorization` and puts its own there.
    """
    bearer, key = header("X-Forwarded-Authorization"), header("X-API-Key")
    if bearer and key:
        raise Unauthenticated("send a token or an API key, not both")
    if key:
        return _claim_of_key(key)
    if bearer:
        return _claim_of_token(bearer)
    raise Unauthenticated("sign in first: send a bearer token, or an API key in X-API-Key")


def _claim_of_key(key: str) -> Claim:
    match = _KEY.fullmatch(key)
    if match is None:
        raise Unauthenticated("this is not an API key")
    tenant_id = UUID(match[1])
    proof = sql(_PROVE_KEY, tenant_id=tenant_id, secret_hash=hash_secret(match[2]))
    return Claim(tenant_id=tenant_id, proof=proof, actor_type=ActorType.API_KEY)


def _claim_of_token(header: str) -> Claim:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN or not token.isascii():
        raise Unauthenticated("send the token as: Authorization: Bearer <token>")
    claims = verify_token(token)
    try:
        tenant_id, user_id, project_id = (UUID(claims[name]) for name in ("tenant_id", "sub", "project_id"))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("this token is not good here") from error
    proof = sql(_PROVE_USER, tenant_id=tenant_id, user_id=user_id, project_id=project_id)
    return Claim(tenant_id=tenant_id, proof=proof, actor_type=ActorType.USER)


def new_secret() -> str:
    """43 URL-safe characters that hold 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """How a random secret rests in a row; being random it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def api_key(tenant_id: UUID, secret: str) -> str:
    return f"vk_{tenant_id.hex}_{secret}"


def issue_token(*, tenant_id: UUID, user_id: UUID, project_id: UUID) -> tuple[str, int]:
    """A signed token of the built-in issuer, and how many seconds it is good for."""
    import jwt

    now = datetime.now(UTC)
    claims = {
        "iss": settings().token_issuer,
        "aud": settings().token_audience,
        "sub": str(user_id),
        "tenant_id": str(tenant_id),
        "project_id": str(project_id),
        "iat": now,
        "exp": now + TOKEN_LIFETIME,
    }
    key_id = _public_keys()["keys"][0]["kid"]
    token = jwt.encode(claims, settings().token_signing_key, algorithm="EdDSA", headers={"kid": key_id})
    return token, int(TOKEN_LIFETIME.total_seconds())


def verify_token(token: str) -> dict[str, Any]:
    """The claims of a token that our issuer signed for us and that has not run out; else Unauthenticated."""
    import jwt

    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = next(key for key in _public_keys()["keys"] if key["kid"] == key_id)
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(key, algorithm="EdDSA").key,
            algorithms=["EdDSA"],
            issuer=settings().token_issuer,
            audience=settings().token_audience,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "strict_aud": True},
        )
    except (jwt.PyJWTError, StopIteration, ValueError, TypeError, RecursionError) as error:
        raise Unauthenticated("this token is not good here: sign in again") from error
    return claims


@cache
def _public_keys() -> dict[str, Any]:
    keys: dict[str, Any] = json.loads(settings().token_public_keys)
    return keys
