"""Disconnecting a channel."""

from uuid import UUID

from pydantic import Field

from shared.crm.channels.store import Channels
from shared.crm.channels.tasks import StopChannel
from shared.crm.channels.view import CHANNELS, ChannelView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Deactivation(Body):
    may_be_missing = True

    logout: bool = Field(default=False, description="Unpair the phone too; connecting it again takes a new QR code.")


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/deactivate", allow=Role.ADMIN, status=202)
def deactivate_channel(uow: UnitOfWork, channel_id: UUID, body: Deactivation) -> One[ChannelView]:
    """Send nothing through a channel any more, and have its provider disconnect it."""
    channel = Channels(uow).living(channel_id, lock=True)
    channel.deactivate(uow.caller.user_id)
    uow.schedule(StopChannel(channel_id=channel.id, logout=body.logout))
    return one(CHANNELS, channel.id)
