"""Whether the API can serve."""

from dataclasses import dataclass

from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.postgres import connections, sql
from shared.runtime.settings import settings
from shared.runtime.uses import Use

_REVISION = sql("select version_num from schema_version")


@dataclass(frozen=True, kw_only=True)
class Health:
    """`schema` is the database's revision."""

    status: str
    schema: str


@endpoint("GET", "/health", allow=PUBLIC, limit=Limit.HEALTH, uses=(Use.DATABASE,))
def get_health() -> Health:
    """Say whether the database can be reached; 503 when it cannot."""
    rows = connections(settings().database_url).run(_REVISION)[0]
    return Health(status="ok", schema=rows[0][0] or "none")
