"""Fetching what a channel's provider remembers."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.crm.channels.store import Channels
from shared.crm.history.model import RunCause
from shared.crm.history.use_cases import begin_import
from shared.crm.history.view import HISTORY_RUNS, HistoryRunView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, Moment
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork

ChatName = Annotated[str, Field(min_length=5, max_length=100)]


class HistoryWanted(Body):
    may_be_missing: ClassVar[bool] = True

    since: Moment | None = Field(
        None,
        description="From when on; left out, from where the last import ended, or the last 180 days.",
        examples=["2026-01-31T12:00:00Z"],
    )
    chats: list[ChatName] | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="Only these: phone numbers, or addresses as WhatsApp writes them. Left out, all.",
        examples=[["+5511912345678", "120363000000000001@g.us"]],
    )
    media: bool = Field(
        default=False,
        description="Whether files are fetched too, after everything that is live, and what earlier imports left.",
    )


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/import-history", allow=Role.ADMIN, status=202)
def import_history(uow: UnitOfWork, channel_id: UUID, body: HistoryWanted) -> One[HistoryRunView]:
    """Begin to take over a channel's past: contacts, chats, sessions and messages, with their own times.

    It can be done again at any time, also while messages come in: what is here already stays as it is.
    Nobody is answered for what is long over, and nobody is notified.
    """
    channel = Channels(uow).living(channel_id)
    since: datetime | None = body.since
    run = begin_import(uow, channel, cause=RunCause.REQUESTED, since=since, chats=body.chats, media=body.media)
    return one(HISTORY_RUNS, run.id)
