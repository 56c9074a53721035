"""How complete a channel is, at a glance."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from shared.crm.channels.store import Channels
from shared.crm.history.drawing import cells_of, draw
from shared.runtime.answers import answer
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import IN_DIGITS
from shared.runtime.work import UnitOfWork


class DrawnSpan(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(ge=1, le=184), IN_DIGITS] = Field(30, description="How far back to look.")


@endpoint("GET", "/api/v1/crm/channels/{channel_id}/completeness.svg", allow=Role.VIEWER)
def draw_completeness(uow: UnitOfWork, channel_id: UUID, query: DrawnSpan) -> Annotated[Response, "image/svg+xml"]:
    """Draw a row for each chat and a column for each day, with gaps in colour; those with gaps come first."""
    channel, last = Channels(uow).living(channel_id), uow.now.date()
    first = last - timedelta(days=query.days - 1)
    picture = draw(f"{channel.name}: completeness", cells_of(uow, channel.id, first), first, last)
    return answer(200, picture, "image/svg+xml")
