"""How the project's sessions go."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.crm.sessions.stats import SESSION_STATS, SessionStatsView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import IN_DIGITS
from shared.runtime.query import One, only


class StatsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(ge=1, le=90), IN_DIGITS] = Field(
        7, description="How far back to look at sessions that are closed."
    )


@endpoint("GET", "/api/v1/crm/sessions/stats", allow=Role.VIEWER)
def get_session_stats(query: StatsQuery) -> One[SessionStatsView]:
    """Count the sessions that are open and those closed lately, and show how quickly they are answered."""
    return only(SESSION_STATS, days=query.days)
