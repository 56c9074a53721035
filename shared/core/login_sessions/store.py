"""Where sign-ins are kept and how they are found."""

from uuid import UUID

from sqlalchemy import true

from shared.core.login_sessions.model import LoginSession
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

login_sessions = map_aggregate(LoginSession, "login_sessions")


class LoginSessions(Repository[LoginSession]):
    kind = LoginSession

    def of_family(self, family_hash: str) -> LoginSession | None:
        """The sign-in a refresh token belongs to, locked: two uses of one token come one after the other."""
        return self.first(login_sessions.c.family_hash == family_hash, lock=True)

    def of_user(self, user_id: UUID, project_id: UUID | None = None) -> list[LoginSession]:
        """Those of a person that are not revoked, in one project or in all."""
        theirs = login_sessions.c.user_id == user_id
        here = login_sessions.c.project_id == project_id if project_id else true()
        return self.all(theirs, here, login_sessions.c.revoked_at.is_(None), lock=True)
