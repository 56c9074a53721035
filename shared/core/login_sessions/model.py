"""A sign-in: what a person's access tokens name, kept alive by a refresh token that changes at each use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from shared.core.users.events import UserLoggedIn
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7

LIFETIME = timedelta(days=30)  # since it was last renewed


@dataclass(eq=False, kw_only=True)
class LoginSession(Aggregate):
    """Of its refresh token only two hashes are kept: of the part that stays, and of the one that changes."""

    aggregate_type: ClassVar[str] = "login_session"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    user_id: UUID
    family_hash: str
    secret_hash: str
    renewed_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @classmethod
    def open(cls, who: "Member", *, family_hash: str, secret_hash: str, now: datetime) -> Self:
        session = cls(
            id=uuid7(),
            tenant_id=who.tenant_id,
            project_id=who.project_id,
            user_id=who.user_id,
            family_hash=family_hash,
            secret_hash=secret_hash,
            renewed_at=now,
            expires_at=now + LIFETIME,
        )
        session.record(UserLoggedIn(user_id=who.user_id, session_id=session.id))
        return session

    def renew(self, shown_hash: str, fresh_hash: str, now: datetime) -> bool:
        """Take a refresh token and know the next one; False when it is not the one to take.

        A token that was taken before is in two hands, one of them a thief's: the sign-in ends for both.
        """
        if self.revoked_at or self.expires_at <= now:
            return False
        if shown_hash != self.secret_hash:
            self.revoke(now)
            return False
        self.secret_hash, self.renewed_at, self.expires_at = fresh_hash, now, now + LIFETIME
        return True

    def revoke(self, now: datetime) -> None:
        self.revoked_at = self.revoked_at or now


@dataclass(frozen=True, kw_only=True)
class Member:
    """Who signs in, and where."""

    tenant_id: UUID
    project_id: UUID
    user_id: UUID
