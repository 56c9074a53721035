"""The public face of the caller's own sign-ins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class LoginSessionView:
    """`current` is the one that the caller's own token names."""

    id: UUID
    current: bool
    created_at: datetime
    renewed_at: datetime
    expires_at: datetime


LOGIN_SESSIONS = Source(
    view=LoginSessionView,
    tables="login_sessions s",
    alias="s",
    columns={"current": "coalesce(s.id = nullif(current_setting('app.session_id', true), '')::uuid, false)"},
    where="""s.user_id = nullif(current_setting('app.user_id', true), '')::uuid
        and s.revoked_at is null and s.expires_at > now()""",
    noun="login session",
)
