"""Staying signed in."""

from pydantic import Field

from shared.core.login_sessions.use_cases import SignedIn, renew_session
from shared.kernel.errors import Unauthenticated
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.parsing import Body
from shared.runtime.retry import retried
from shared.runtime.uses import Use


class RefreshToken(Body):
    refresh_token: str = Field(max_length=200, description="The one that came last.")


@endpoint(
    "POST",
    "/api/v1/auth/refresh",
    allow=PUBLIC,
    limit=Limit.AUTH,
    errors=(Unauthenticated,),
    uses=(Use.DATABASE, Use.SIGNING),
)
def refresh_tokens(body: RefreshToken) -> SignedIn:
    """Get a new access token and the next refresh token; a refresh token that is used twice ends its session."""
    return retried(lambda: renew_session(body.refresh_token), once=True)
