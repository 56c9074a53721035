"""A new API key."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import Field

from shared.core.api_keys.model import ApiKey, Owner
from shared.core.api_keys.store import ApiKeys
from shared.core.users.model import MemberRole
from shared.kernel.values import Name
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.identity import api_key, hash_secret, new_secret
from shared.runtime.parsing import Body
from shared.runtime.work import UnitOfWork


class NewApiKey(Body):
    name: Name = Field(description="What the key is for.", examples=["Website"])
    role: MemberRole | None = Field(None, description="Your own role, unless a lower one is given.")


@dataclass(frozen=True, kw_only=True)
class CreatedApiKey:
    """`key` is shown here and never again; send it as `X-API-Key`."""

    id: UUID
    name: str
    role: MemberRole
    key: str
    hint: str


@endpoint("POST", "/api/v1/auth/api-keys", allow=Role.ADMIN, status=201, limit=Limit.AUTH, secret=True)
def create_api_key(uow: UnitOfWork, body: NewApiKey) -> CreatedApiKey:
    """Make an API key that acts for you in this project."""
    caller, secret = uow.caller, new_secret()
    owner = Owner(
        tenant_id=caller.tenant_id,
        project_id=caller.project_id,
        user_id=caller.user_id,
        role=MemberRole(caller.role.name.lower()),
    )
    key = ApiKey.create(owner, name=body.name, role=body.role, secret=secret, secret_hash=hash_secret(secret))
    ApiKeys(uow).add(key)
    return CreatedApiKey(id=key.id, name=key.name, role=key.role, key=api_key(caller.tenant_id, secret), hint=key.hint)
