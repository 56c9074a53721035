"""Whether a process is there to answer."""

from dataclasses import dataclass

from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint


@dataclass(frozen=True, kw_only=True)
class Live:
    status: str


@endpoint("GET", "/live", allow=PUBLIC, limit=Limit.HEALTH)
def get_live() -> Live:
    """Answer, and ask nothing of anybody."""
    return Live(status="ok")
