"""How complete a channel is."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.crm.history.completeness import COMPLETENESS, CompletenessView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import IN_DIGITS
from shared.runtime.query import One, only


class Span(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(ge=1, le=366), IN_DIGITS] = Field(30, description="How far back to look.")


@endpoint("GET", "/api/v1/crm/channels/{channel_id}/completeness", allow=Role.VIEWER)
def get_completeness(channel_id: UUID, query: Span) -> One[CompletenessView]:
    """Compare, day by day, the messages that the provider has with those that are here, as they were last looked at."""
    return only(COMPLETENESS, channel_id=channel_id, days=query.days)
