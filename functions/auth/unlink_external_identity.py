"""The end of coming in with an outside issuer's tokens."""

from uuid import UUID

from shared.core.external_identities.store import ExternalIdentities
from shared.kernel.errors import Forbidden, NotFound
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint(
    "DELETE",
    "/api/v1/auth/external-identities/{external_identity_id}",
    allow=Role.VIEWER,
    status=204,
    limit=Limit.AUTH,
    errors=(Forbidden,),
)
def unlink_external_identity(uow: UnitOfWork, external_identity_id: UUID) -> None:
    """Let an outside identity stand for you no longer; its tokens are dead with the next request."""
    links = ExternalIdentities(uow)
    link = links.get(external_identity_id)
    if link.user_id != uow.caller.user_id:
        raise NotFound("there is no such external identity")
    if uow.caller.session_id is None:
        raise Forbidden("sign in with your password first: a key or an outside token cannot shut another way in")
    links.remove(link)
