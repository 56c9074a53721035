"""Where channels' health is kept."""

from shared.crm.channels.health import ChannelHealth
from shared.crm.channels.model import Channel
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

channel_health = map_aggregate(ChannelHealth, "channel_health")


class Healths(Repository[ChannelHealth]):
    kind = ChannelHealth

    def of(self, channel: Channel) -> ChannelHealth:
        """The channel's own, locked; made at the first look."""
        known = self.first(channel_health.c.id == channel.id, lock=True)
        return known or self.add(
            ChannelHealth(id=channel.id, tenant_id=channel.tenant_id, project_id=channel.project_id)
        )
