"""Whether requests can be served just now."""

from dataclasses import asdict, dataclass

from shared.core.health.checks import REQUIRED, Component, is_ready, look
from shared.kernel.errors import Unavailable
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.uses import Use


@dataclass(frozen=True, kw_only=True)
class Ready:
    status: str
    components: list[Component]


@endpoint("GET", "/ready", allow=PUBLIC, limit=Limit.HEALTH, uses=(Use.DATABASE,))
def get_ready() -> Ready:
    """Say whether what nothing works without is there; 503 when it is not. What can be done without is not asked."""
    found = look(REQUIRED)
    if not is_ready(found):
        raise Unavailable(
            "what nothing works without is not there just now; try again shortly",
            details={"components": [asdict(each) for each in found]},
        )
    return Ready(status="ok", components=found)
