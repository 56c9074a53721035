"""Finding messages by their words."""

from typing import Any
from uuid import UUID

from pydantic import Field

from shared.crm.messages.model import Direction, SenderKind
from shared.crm.messages.query import FoundMessageView, find
from shared.kernel.inbound import MessageType
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PagedBody, PageQuery
from shared.runtime.parsing import Moment
from shared.runtime.query import Page


class MessageSearch(PagedBody):
    query: str = Field(
        min_length=1,
        max_length=200,
        pattern=r"\S",
        description="Words, accents or not; words in quotes stand in a row, one behind a minus must be missing.",
        examples=["orçamento -cancelado"],
    )
    chat_id: UUID | None = None
    session_id: UUID | None = None
    contact_id: UUID | None = None
    channel_id: UUID | None = None
    direction: Direction | None = None
    sender_kind: SenderKind | None = None
    type: MessageType | None = None
    since: Moment | None = Field(None, description="Not sent before this.")
    until: Moment | None = Field(None, description="Sent before this.")


_EQUAL = ("chat_id", "session_id", "contact_id", "channel_id", "direction", "sender_kind", "type")
_BETWEEN = {"since": "filter[sent_at][gte]", "until": "filter[sent_at][lt]"}
_FILTERS = {**{name: f"filter[{name}]" for name in _EQUAL}, **_BETWEEN}


@endpoint("POST", "/api/v1/crm/messages/search", allow=Role.VIEWER, limit=Limit.CRM_READ)
def search_messages(body: MessageSearch) -> Page[FoundMessageView]:
    """Find messages by their words, the latest first, and show the place in each.

    All words must be there, whatever their accents, case and ending; `or` between two asks for either.
    """
    asked = {name: getattr(body, name) for name in _FILTERS}
    filters = {_FILTERS[name]: _text(value) for name, value in asked.items() if value is not None}
    return find(body.query, filters, PageQuery(limit=body.limit, cursor=body.cursor, page=None, sort=None))


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
