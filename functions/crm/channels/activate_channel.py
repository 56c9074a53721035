"""Connecting a channel."""

from uuid import UUID

from shared.crm.channels.store import Channels
from shared.crm.channels.tasks import StartChannel
from shared.crm.channels.view import CHANNELS, ChannelView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/activate", allow=Role.ADMIN, status=202)
def activate_channel(uow: UnitOfWork, channel_id: UUID) -> One[ChannelView]:
    """Let a channel send, and have its provider connect it; a phone that is not paired yet is shown the QR code."""
    channel = Channels(uow).living(channel_id, lock=True)
    channel.activate()
    uow.schedule(StartChannel(channel_id=channel.id))
    return one(CHANNELS, channel.id)
