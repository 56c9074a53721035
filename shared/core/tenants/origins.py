"""Whose web pages may call the API from a browser: each tenant's list, all of them read as one."""

from shared.runtime.postgres import connections, sql
from shared.runtime.settings import settings


def is_allowed(origin: str) -> bool:
    """Whether some tenant lists the origin. Which one cannot be known: a browser asks before it sends a credential."""
    listed = sql("select from allowed_origins where origin = :origin limit 1", origin=origin)
    return bool(connections(settings().resolver_database_url).run(listed)[0])
