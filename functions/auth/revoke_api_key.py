"""The end of an API key."""

from uuid import UUID

from shared.core.api_keys.store import ApiKeys
from shared.core.users.model import MemberRole
from shared.kernel.errors import Forbidden, NotFound
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.identity import ActorType
from shared.runtime.work import UnitOfWork


@endpoint(
    "DELETE",
    "/api/v1/auth/api-keys/{api_key_id}",
    allow=Role.VIEWER,
    status=204,
    limit=Limit.AUTH,
    errors=(Forbidden,),
)
def revoke_api_key(uow: UnitOfWork, api_key_id: UUID) -> None:
    """Revoke one of your own API keys, or anybody's if you are an admin; it is dead with the next request."""
    key, caller = ApiKeys(uow).get(api_key_id, lock=True), uow.caller
    mine = key.user_id == caller.user_id
    if key.project_id != caller.project_id or not (mine or caller.role == Role.ADMIN):
        raise NotFound("there is no such api key")
    if caller.actor.type == ActorType.API_KEY and key.role.exceeds(MemberRole(caller.role.name.lower())):
        raise Forbidden("an API key cannot revoke one that may do more")
    key.revoke(uow.now)
