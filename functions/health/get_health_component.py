"""How well one thing does that we stand on."""

from shared.core.health.checks import ALL, Component, look
from shared.kernel.errors import NotFound
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.uses import Use
from shared.runtime.work import UnitOfWork


@endpoint("GET", "/health/{component}", allow=Role.ADMIN, limit=Limit.HEALTH, uses=(Use.OBSERVER, Use.COUNTERS))
def get_health_component(uow: UnitOfWork, component: str) -> Component:  # noqa: ARG001 - it proves who asks
    """Say whether one of database, migrations, redis and queue answers, and what was found; failing it is 200 too."""
    if component not in ALL:
        raise NotFound(f"there is no such component; there are {', '.join(ALL)}")
    return look([component])[0]
