"""Comparing a channel with its provider."""

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.crm.channels.store import Channels
from shared.crm.history.model import RunCause
from shared.crm.history.use_cases import reconcile
from shared.crm.history.view import HISTORY_RUNS, HistoryRunView
from shared.kernel.errors import Conflict
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Comparison(Body):
    may_be_missing: ClassVar[bool] = True

    days: int = Field(7, ge=1, le=180, description="How far back to compare.")


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/reconcile", allow=Role.ADMIN, status=202)
def reconcile_channel(uow: UnitOfWork, channel_id: UUID, body: Comparison) -> One[HistoryRunView]:
    """Compare a channel with what its provider has, and take in what is missing.

    It is done by itself when a channel was away or silent, and every night.
    """
    channel = Channels(uow).living(channel_id)
    channel.must_be_active()
    run = reconcile(uow, channel, cause=RunCause.REQUESTED, since=uow.now - timedelta(days=body.days))
    if run is None:
        raise Conflict("this channel is being compared already", code="reconciliation_under_way")
    return one(HISTORY_RUNS, run.id)
