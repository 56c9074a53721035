"""Coming in with a token of an outside issuer from now on."""

from pydantic import Field

from shared.core.external_identities.model import ExternalIdentity
from shared.core.external_identities.store import ExternalIdentities
from shared.core.external_identities.view import EXTERNAL_IDENTITIES, ExternalIdentityView
from shared.kernel.errors import Conflict, Forbidden, Invalid, Unauthenticated
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.identity import tenant_of_outside_user, verify_outside_token
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.settings import settings
from shared.runtime.work import UnitOfWork


class OutsideToken(Body):
    token: str = Field(max_length=8192, description="A token that the outside issuer gave you.")


@endpoint(
    "POST",
    "/api/v1/auth/external-identities",
    allow=Role.VIEWER,
    status=201,
    limit=Limit.AUTH,
    errors=(Forbidden,),
)
def link_external_identity(uow: UnitOfWork, body: OutsideToken) -> One[ExternalIdentityView]:
    """Prove with an outside issuer's token that you are its user too; its tokens then stand for you."""
    if uow.caller.session_id is None:
        raise Forbidden("sign in with your password first: a key or an outside token cannot open another way in")
    issuer, subject = _proven(body.token)
    if tenant_of_outside_user(issuer, subject):
        raise Conflict("this identity stands for somebody already", code="already_linked")
    link = ExternalIdentity.link(tenant_id=uow.tenant_id, user_id=uow.caller.user_id, issuer=issuer, subject=subject)
    return one(EXTERNAL_IDENTITIES, ExternalIdentities(uow).add(link).id)


def _proven(token: str) -> tuple[str, str]:
    try:
        proven = verify_outside_token(token) if settings().token_issuers and token.isascii() else None
    except Unauthenticated as error:
        raise Invalid("this token of an outside issuer is not good", code="bad_outside_token") from error
    if proven is None:
        raise Invalid("this is no token of an issuer that is believed here", code="bad_outside_token")
    return proven
