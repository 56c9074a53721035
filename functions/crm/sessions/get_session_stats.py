"""How the project's sessions go."""

from pydantic import BaseModel, ConfigDict, Field

from shared.crm.sessions.stats import SESSION_STATS, SessionStatsView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, only


class StatsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(7, ge=1, le=90, description="How far back to look at sessions that are closed.")


@endpoint("GET", "/api/v1/crm/sessions/stats", allow=Role.VIEWER)
def get_session_stats(query: StatsQuery) -> One[SessionStatsView]:
    """Count the sessions that are open and those closed lately, and show how quickly they are answered."""
    return only(SESSION_STATS, days=query.days)
