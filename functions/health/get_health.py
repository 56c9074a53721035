"""Whether the API can serve, and how well what it stands on does."""

from dataclasses import asdict, dataclass

from shared.core.health.checks import Component, State, is_ready, look
from shared.kernel.errors import Unavailable
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.uses import Use


@dataclass(frozen=True, kw_only=True)
class Health:
    """`status` is degraded while something is away that can be done without. `schema` is the database's revision."""

    status: str
    schema: str
    components: list[Component]


@endpoint("GET", "/health", allow=PUBLIC, limit=Limit.HEALTH, uses=(Use.DATABASE, Use.OBSERVER, Use.COUNTERS))
def get_health() -> Health:
    """Say of each thing we stand on whether it answers, and how quickly; 503 when the database cannot be reached.

    `GET /live` asks nothing of anybody, and `GET /ready` only for what nothing works without.
    """
    found = look()
    if not is_ready(found):
        raise Unavailable(
            "the database cannot be reached just now; try again shortly",
            details={"components": [asdict(each) for each in found]},
        )
    well = all(each.state is not State.FAILED for each in found)
    schema = next(each.detail for each in found if each.name == "migrations")
    return Health(status="ok" if well else "degraded", schema=schema, components=found)
