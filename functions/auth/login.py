"""Sign-in."""

from uuid import UUID

from pydantic import Field

from shared.core.login_sessions.use_cases import SignedIn
from shared.core.users.sign_in import sign_in
from shared.kernel.errors import Unauthenticated
from shared.kernel.values import Email
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.parsing import Body
from shared.runtime.uses import Use


class Credentials(Body):
    email: Email = Field(examples=["ana@example.com"])
    password: str = Field(max_length=200, examples=["correct horse battery"])
    tenant_id: UUID | None = Field(None, description="Needed only when both fit in several tenants.")


# A password is checked in 64 MB of memory: two at once are enough for one instance.
@endpoint(
    "POST",
    "/api/v1/auth/login",
    allow=PUBLIC,
    limit=Limit.AUTH,
    errors=(Unauthenticated,),
    concurrency=2,
    uses=(Use.DATABASE, Use.RESOLVER, Use.SIGNING),
)
def login(body: Credentials) -> SignedIn:
    """Sign in with e-mail and password."""
    return sign_in(body.email, body.password, body.tenant_id)
