"""The caller's own profile."""

from shared.core.users.view import PROFILES, ProfileView
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, only


@endpoint("GET", "/api/v1/auth/profile", allow=Role.VIEWER, limit=Limit.AUTH)
def get_profile() -> One[ProfileView]:
    """Show who this credential stands for, and what it allows."""
    return only(PROFILES)
