"""What every action has in common when it is performed: the call, and what a failure means for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from shared.crm.actions.model import Action
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.providers.waha.client import NotNow, Refused, Waha, WahaError
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

W = TypeVar("W", bound=Waha)

PATIENCE = timedelta(minutes=10)  # how long an unreachable server or an unknown outcome is followed


def call(way: W, run: Callable[[W], None], *, kind: str, action_id: UUID) -> WahaError | None:
    """Have it done, with no transaction open; what came of it when it did not succeed."""
    try:
        with way as waha:
            run(waha)
    except WahaError as error:
        say("an action did not succeed", outcome=type(error).__name__, kind=kind, action_id=action_id)
        return error
    return None


def channel_for(uow: UnitOfWork, action: Action) -> Channel | None:
    """The channel by which it is to be done; none, and it has failed, where that is not active."""
    channel = Channels(uow).get(action.channel_id)
    if channel.status is ChannelStatus.ACTIVE:
        return channel
    action.fail("channel_inactive", "the chat's channel is not active")
    return None


def not_done(action: Action, failure: WahaError, now: datetime) -> None:
    """Give it up, or let it be tried again."""
    is_late = now - action.requested_at > PATIENCE
    if isinstance(failure, Refused) and (is_late or not isinstance(failure, NotNow)):
        action.fail(failure.code, failure.sentence)
    elif is_late:
        action.fail("unreachable", "the WAHA server did not do this within ten minutes")
    else:
        action.put_back()
