"""Who calls: tokens and API keys name a tenant and a user; role and project always come from our own rows."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum, StrEnum
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

from shared.kernel.errors import Forbidden, Unauthenticated
from shared.kernel.ids import read_id
from shared.runtime.postgres import Row, Sql, connections, sql
from shared.runtime.settings import settings
from shared.runtime.telemetry import note

TOKEN_LIFETIME = timedelta(hours=1)
LEEWAY = 60  # seconds that another instance's clock may be ahead of ours
_KEY = re.compile(r"vk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST_TOKEN = 8192
MOST_REMEMBERED = 1024  # tokens whose signature was good
_NAMED = {"tenant_id": "tenant_id", "user_id": "sub", "project_id": "project_id", "session_id": "sid"}
# What libraries raise at tokens that somebody has made with care; the signature may even be good.
_MALFORMED = (ValueError, TypeError, AttributeError, RecursionError, OverflowError)


class Role(IntEnum):
    """What a person may do in a project; a higher role may do all that a lower one may."""

    VIEWER = 1
    AGENT = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> "Role":
        return cls[name.upper()]


class Access(Enum):
    """Who may call what belongs to no tenant."""

    PUBLIC = "public"
    SERVICE = "service"  # whoever watches the whole installation: see shared/runtime/services.py


PUBLIC: Final = Access.PUBLIC
SERVICE: Final = Access.SERVICE
Allow = Role | Access


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
    session_id: UUID | None = None  # of a sign-in with us; keys and outside tokens have none


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
        """The caller, from the row that `proof` gave; none means the credential is not good."""
        if not rows:
            raise refused()
        project_id, user_id, actor_id, role, session_id, within_scopes = (value or "" for value in rows[0][:6])
        if within_scopes != "t":
            raise Forbidden("this API key's scopes do not reach so far")
        return Principal(
            tenant_id=self.tenant_id,
            project_id=as_id(project_id),
            user_id=as_id(user_id),
            role=Role.named(role),
            actor=Actor(type=self.actor_type, id=as_id(actor_id)),
            session_id=as_id(session_id) if session_id else None,
        )


def refused() -> Unauthenticated:
    """One answer for whatever is wrong with a credential, so that nobody can feel their way to a good one."""
    return Unauthenticated("sign in first: there is no credential here, or it is unknown, out of date or revoked")


# The same few come again with every request, and to read one costs as much as to send it.
as_id = lru_cache(MOST_REMEMBERED)(read_id)


@lru_cache(MOST_REMEMBERED)
def tenant_scope(tenant_id: UUID) -> Sql:
    return sql(
        "select set_config('app.tenant_id', :tenant_id, true), set_config('app.project_id', '', true)",
        tenant_id=str(tenant_id),
    )


# A proof gives project, person, actor, role, sign-in, and whether a key's scopes reach. Who asks is set by the very
# query that proves the caller, so that one round trip carries all.
_KNOWN = """
       set_config('app.project_id', m.project_id::text, true), set_config('app.user_id', u.id::text, true)
from users u
join memberships m on m.tenant_id = u.tenant_id and m.user_id = u.id
join tenants t on t.tenant_id = u.tenant_id and t.status = 'active'
"""
_PROVE_USER = f"""
select m.project_id, u.id, u.id, m.role, s.id, true,
       set_config('app.role', m.role, true), set_config('app.session_id', s.id::text, true),{_KNOWN}
join login_sessions s on s.tenant_id = u.tenant_id and s.user_id = u.id
where u.tenant_id = :tenant_id and u.id = :user_id and u.status = 'active' and m.project_id = :project_id
  and s.id = :session_id and s.revoked_at is null and s.expires_at > now()
"""
# Such a token names no project: it opens the one that its user has been in for longest.
_PROVE_OUTSIDE_USER = f"""
select m.project_id, u.id, u.id, m.role, null, true,
       set_config('app.role', m.role, true), set_config('app.session_id', '', true),{_KNOWN}
join external_identities e on e.tenant_id = u.tenant_id and e.user_id = u.id
where e.tenant_id = :tenant_id and e.issuer = :issuer and e.subject = :subject and u.status = 'active'
order by m.id limit 1
"""
# The mark of use is a hint: at most one a minute, and never a wait for whoever else is making one.
_PROVE_KEY = f"""
with used as (
    update api_keys set last_used_at = now()
    where (tenant_id, id) in (
        select tenant_id, id from api_keys
        where tenant_id = :tenant_id and secret_hash = :secret_hash
          and (last_used_at is null or last_used_at < now() - interval '1 minute')
        for update skip locked))
select k.project_id, u.id, k.id, allowed.role, null, k.scopes is null or k.scopes ? :scope,
       set_config('app.role', allowed.role, true), set_config('app.session_id', '', true),{_KNOWN}
join api_keys k on k.tenant_id = m.tenant_id and k.user_id = m.user_id and k.project_id = m.project_id
cross join lateral (
    select role from unnest(array['viewer', 'agent', 'admin']) with ordinality as ladder (role, step)
    where role in (k.role, m.role) order by step limit 1
) as allowed
where k.tenant_id = :tenant_id and k.secret_hash = :secret_hash and k.revoked_at is null
  and coalesce(k.expires_at > now(), true) and u.status = 'active'
"""  # noqa: S608 - put together from what stands above
_FIND_OUTSIDE_USER = """
select tenant_id from external_identities where issuer = :issuer and subject = :subject order by id limit 1
"""


def permit(principal: Principal, allow: Role) -> None:
    """Let the caller go on, or raise Forbidden."""
    note(tenant_id=principal.tenant_id)
    if principal.role < allow:
        raise Forbidden(f"this needs the role {allow.name.lower()}; yours is {principal.role.name.lower()}")


def claim_of(header: Callable[[str], str | None], scope: str = "") -> Claim:
    """Read the caller's credential: a bearer token as the gateway forwards it, or an API key.

    The gateway moves the caller's `Authorization` to `X-Forwarded-Authorization` and puts its own there.
    `scope` is what the request needs of a key that was made for some things only, as in "crm:read".
    """
    bearer, key = header("X-Forwarded-Authorization"), header("X-API-Key")
    if key and not bearer:
        return _claim_of_key(key, scope)
    if bearer and not key:
        return _claim_of_token(bearer)
    raise refused()


def _claim_of_key(key: str, scope: str) -> Claim:
    match = _KEY.fullmatch(key)
    if match is None:
        raise refused()
    tenant_id = UUID(match[1])
    proof = sql(_PROVE_KEY, tenant_id=tenant_id, secret_hash=hash_secret(match[2]), scope=scope)
    return Claim(tenant_id=tenant_id, proof=proof, actor_type=ActorType.API_KEY)


def _claim_of_token(header: str) -> Claim:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or len(token) > _LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise refused()
    if settings().token_issuers and (outside := verify_outside_token(token)):
        return _claim_of_outside_user(*outside)
    claims = verify_token(token)
    try:
        named = {name: as_id(claims[claim]) for name, claim in _NAMED.items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise refused() from error
    return Claim(tenant_id=named["tenant_id"], proof=Sql(_PROVE_USER, named), actor_type=ActorType.USER)


def _claim_of_outside_user(issuer: str, subject: str) -> Claim:
    tenant_id = tenant_of_outside_user(issuer, subject)
    if tenant_id is None:
        raise refused()
    proof = sql(_PROVE_OUTSIDE_USER, tenant_id=tenant_id, issuer=issuer, subject=subject)
    return Claim(tenant_id=tenant_id, proof=proof, actor_type=ActorType.USER)


def tenant_of_outside_user(issuer: str, subject: str) -> UUID | None:
    """The tenant in which somebody proved that this is them; the first one, should there be several."""
    found = connections(settings().resolver_database_url).run(sql(_FIND_OUTSIDE_USER, issuer=issuer, subject=subject))
    return UUID(found[0][0][0]) if found[0] else None


def new_secret() -> str:
    """43 URL-safe characters that hold 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """How a random secret rests in a row; being random it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def api_key(tenant_id: UUID, secret: str) -> str:
    return f"vk_{tenant_id.hex}_{secret}"


def issue_token(*, tenant_id: UUID, user_id: UUID, project_id: UUID, session_id: UUID) -> tuple[str, int]:
    """A signed token of the built-in issuer for one sign-in, and how many seconds it is good for."""
    import jwt

    now = datetime.now(UTC)
    claims = {
        "iss": settings().token_issuer,
        "aud": settings().token_audience,
        "sub": str(user_id),
        "tenant_id": str(tenant_id),
        "project_id": str(project_id),
        "sid": str(session_id),
        "iat": now,
        "exp": now + TOKEN_LIFETIME,
    }
    key_id = public_keys()["keys"][0]["kid"]
    token = jwt.encode(claims, settings().token_signing_key, algorithm="EdDSA", headers={"kid": key_id})
    return token, int(TOKEN_LIFETIME.total_seconds())


def verify_token(token: str) -> dict[str, Any]:
    """The claims of a person's token, as `claims_of`; such a one is short-lived."""
    claims = claims_of(token, settings().token_audience)
    if claims["exp"] - claims["iat"] > TOKEN_LIFETIME.total_seconds():
        raise refused()
    return claims


def claims_of(token: str, audience: str) -> dict[str, Any]:
    """The claims of a token that our issuer signed for this audience and that has not run out; else Unauthenticated."""
    claims = signed_claims(token, audience)
    now = datetime.now(UTC).timestamp()
    if claims["exp"] <= now or claims["iat"] - now > LEEWAY:
        raise refused()
    return claims


# A good signature stays good for as long as a process has its keys. Time goes on, and whether the sign-in still stands
# is in its row: both are asked with every request. What is refused is not remembered, so nobody can crowd it out.
@lru_cache(MOST_REMEMBERED)
def signed_claims(token: str, audience: str) -> dict[str, Any]:
    """What our issuer signed, checked once; Unauthenticated when it is not that, or has run out already."""
    import jwt

    from shared.runtime.tokens import read_token

    try:
        key_id = read_token(token)[0].get("kid")
        key = next(key for key in public_keys()["keys"] if key["kid"] == key_id)
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(key, algorithm="EdDSA").key,
            algorithms=["EdDSA"],
            issuer=settings().token_issuer,
            audience=audience,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "strict_aud": True, "verify_iat": False},
        )
        lasts = claims["exp"] - claims["iat"] > 0
    except (jwt.PyJWTError, StopIteration, *_MALFORMED) as error:
        raise refused() from error
    if not lasts:
        raise refused()
    return claims


def verify_outside_token(token: str) -> tuple[str, str] | None:
    """Issuer and subject that a token of an outside issuer proves; None when it claims to come from no such one.

    Unauthenticated: it is not good. Unavailable: its issuer's keys cannot be had.
    """
    from jwt import PyJWTError

    from shared.runtime.issuers import issuer_of

    try:
        issuer = issuer_of(token)
        return (issuer.issuer, issuer.verify(token)) if issuer else None
    except (PyJWTError, *_MALFORMED) as error:
        raise refused() from error


@cache
def public_keys() -> dict[str, Any]:
    """The keys that verify our issuer's tokens: a JWKS document, the one that signs first."""
    keys: dict[str, Any] = json.loads(settings().token_public_keys)
    return keys
