"""Where channels are kept and how they are found."""

from uuid import UUID

from shared.crm.channels.model import Channel
from shared.kernel.errors import NotFound
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

channels = map_aggregate(Channel, "channels")


class Channels(Repository[Channel]):
    kind = Channel

    def living(self, id: UUID, *, lock: bool = False) -> Channel:
        """The channel with that id. NotFound: there is none, or it is deleted."""
        channel = self.get(id, lock=lock)
        if channel.deleted_at:
            raise NotFound("there is no such channel")
        return channel

    def has_another(self, channel: Channel) -> bool:
        """Whether another channel that is not deleted is for the same session of the same server."""
        same = channels.c.base_url == channel.base_url, channels.c.session_name == channel.session_name
        return self.first(*same, channels.c.id != channel.id, channels.c.deleted_at.is_(None)) is not None
