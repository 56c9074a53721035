"""Deleting a channel."""

from uuid import UUID

from shared.crm.channels.store import Channels
from shared.crm.channels.tasks import RetireChannel
from shared.crm.history.use_cases import end_all
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("DELETE", "/api/v1/crm/channels/{channel_id}", allow=Role.ADMIN, status=204)
def delete_channel(uow: UnitOfWork, channel_id: UUID) -> None:
    """Delete a channel: its webhook URL ends at once, and its provider is told to disconnect it.

    All that was said on it stays. What waits to be sent fails when its turn comes, an import ends, and no bot answers.
    The phone stays paired with its session, for another channel.
    """
    channel = Channels(uow).living(channel_id, lock=True)
    channel.delete(uow.now)
    end_all(uow, channel.id)
    uow.schedule(RetireChannel(channel_id=channel.id))
