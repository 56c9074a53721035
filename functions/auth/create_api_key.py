"""A new API key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import Field

from shared.core.api_keys.model import ApiKey, Bounds, Owner, Scope
from shared.core.api_keys.store import ApiKeys
from shared.core.users.model import MemberRole
from shared.kernel.errors import Forbidden, Invalid
from shared.kernel.values import Name
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.identity import ActorType, api_key, hash_secret, new_secret
from shared.runtime.parsing import Body, Moment
from shared.runtime.work import UnitOfWork

LONGEST = timedelta(days=3653)  # ten years


class NewApiKey(Body):
    name: Name = Field(description="What the key is for.", examples=["Website"])
    role: MemberRole | None = Field(None, description="Your own role, unless a lower one is given.")
    scopes: list[Scope] | None = Field(
        None, min_length=1, max_length=len(Scope), description="The parts of the API it is for; else all of it."
    )
    expires_at: Moment | None = Field(None, description="When it ends by itself, within ten years.")


@dataclass(frozen=True, kw_only=True)
class CreatedApiKey:
    """`key` is shown here and never again; send it as `X-API-Key`."""

    id: UUID
    name: str
    role: MemberRole
    scopes: list[Scope] | None
    expires_at: datetime | None
    key: str
    hint: str


@endpoint("POST", "/api/v1/auth/api-keys", allow=Role.ADMIN, status=201, limit=Limit.AUTH, secret=True)
def create_api_key(uow: UnitOfWork, body: NewApiKey) -> CreatedApiKey:
    """Make an API key that acts for you in this project; a key makes none, or it would outlive its own end."""
    caller, secret = uow.caller, new_secret()
    if caller.actor.type == ActorType.API_KEY:
        raise Forbidden("sign in to make API keys: a key cannot make another one")
    if body.expires_at:
        _check_end(body.expires_at, uow.now)
    owner = Owner(
        tenant_id=caller.tenant_id,
        project_id=caller.project_id,
        user_id=caller.user_id,
        role=MemberRole(caller.role.name.lower()),
    )
    bounds = Bounds(scopes=body.scopes, expires_at=body.expires_at)
    key = ApiKey.create(
        owner, name=body.name, role=body.role, secret=secret, secret_hash=hash_secret(secret), bounds=bounds
    )
    ApiKeys(uow).add(key)
    return CreatedApiKey(
        id=key.id,
        name=key.name,
        role=key.role,
        scopes=key.scopes,
        expires_at=key.expires_at,
        key=api_key(caller.tenant_id, secret),
        hint=key.hint,
    )


def _check_end(end: datetime, now: datetime) -> None:
    if end <= now:
        raise Invalid("this key would have ended already: expires_at lies in the past")
    if end - now > LONGEST:
        raise Invalid("a key that ends does so within ten years; expires_at lies beyond")
