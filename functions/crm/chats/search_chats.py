"""Finding chats."""

from typing import Annotated

from pydantic import Field

from shared.crm.chats.query import FIELDS, ChatFilter, words
from shared.crm.chats.view import CHATS, ChatView
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PagedBody, way_of
from shared.runtime.query import Page
from shared.runtime.search import searched_page


class ChatSearch(PagedBody):
    query: str | None = Field(
        None,
        max_length=200,
        description="Words of the contact's name or the group's subject, or a part of the phone or e-mail.",
        examples=["ana souza"],
    )
    filter: ChatFilter | None = None
    sort: Annotated[str, way_of(CHATS)] | None = Field(
        None, max_length=100, description="As in the list of chats; by default the one spoken in last first."
    )


@endpoint("POST", "/api/v1/crm/chats/search", allow=Role.VIEWER, limit=Limit.CRM_READ)
def search_chats(body: ChatSearch) -> Page[ChatView]:
    """Find chats by whom they are with, by a tree of conditions, or by both."""
    return searched_page(CHATS, FIELDS, words, body)
