"""Opening a sign-in and keeping it alive: the tokens that go out, and the refresh token that comes back."""

import re
from dataclasses import dataclass
from uuid import UUID

from shared.core.login_sessions.model import LoginSession, Member
from shared.core.login_sessions.store import LoginSessions
from shared.kernel.errors import Unauthenticated
from shared.runtime.identity import hash_secret, issue_token, new_secret
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork, unit_of_work

_REFRESH_TOKEN = re.compile(r"vr_([0-9a-f]{32})_([A-Za-z0-9_-]{43})_([A-Za-z0-9_-]{43})")
_STILL_IN = """
select from users u
join tenants t on t.tenant_id = u.tenant_id
join memberships m on m.tenant_id = u.tenant_id and m.user_id = u.id
where u.tenant_id = :tenant_id and u.id = :user_id and m.project_id = :project_id
  and u.status = 'active' and t.status = 'active'
"""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Send the token as `Authorization: Bearer <access_token>`; it is good for `expires_in` seconds.

    `refresh_token` gives the next pair, once: each use brings a new one, and using an old one again ends the session.
    """

    tenant_id: UUID
    project_id: UUID
    user_id: UUID
    session_id: UUID
    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme's name
    expires_in: int
    refresh_token: str


def open_session(uow: UnitOfWork, who: Member) -> SignedIn:
    """Sign in somebody who has just been proven; good once the transaction is committed."""
    family, secret = new_secret(), new_secret()
    session = LoginSession.open(who, family_hash=hash_secret(family), secret_hash=hash_secret(secret), now=uow.now)
    LoginSessions(uow).add(session)
    return _tokens(session, family, secret)


def renew_session(refresh_token: str) -> SignedIn:
    """The next pair of tokens; Unauthenticated when this one is unknown, used before, or its session over."""
    match = _REFRESH_TOKEN.fullmatch(refresh_token)
    if match is None:
        raise _refused()
    tenant, family, shown = match.groups()
    with unit_of_work(UUID(tenant)) as uow:
        session, fresh = LoginSessions(uow).of_family(hash_secret(family)), new_secret()
        renewed = session is not None and _still_in(uow, session) and _renewed(uow, session, shown, fresh)
        # Also when it is refused: what was used twice must stay revoked.
        uow.commit()
    if session is None or not renewed:
        raise _refused()
    return _tokens(session, family, fresh)


def _still_in(uow: UnitOfWork, session: LoginSession) -> bool:
    whose = {"tenant_id": session.tenant_id, "user_id": session.user_id, "project_id": session.project_id}
    return bool(uow.run(sql(_STILL_IN, **whose))[0])


def _renewed(uow: UnitOfWork, session: LoginSession, shown: str, fresh: str) -> bool:
    return session.renew(hash_secret(shown), hash_secret(fresh), uow.now)


def _refused() -> Unauthenticated:
    return Unauthenticated("this refresh token is not good, or not any more: sign in again", code="bad_refresh_token")


def _tokens(session: LoginSession, family: str, secret: str) -> SignedIn:
    tenant_id, project_id, user_id = session.tenant_id, session.project_id, session.user_id
    token, seconds = issue_token(tenant_id=tenant_id, project_id=project_id, user_id=user_id, session_id=session.id)
    return SignedIn(
        tenant_id=tenant_id,
        project_id=project_id,
        user_id=user_id,
        session_id=session.id,
        access_token=token,
        expires_in=seconds,
        refresh_token=f"vr_{session.tenant_id.hex}_{family}_{secret}",
    )
