"""Where channels are kept and how they are found."""

from shared.crm.channels.model import Channel
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

channels = map_aggregate(Channel, "channels")


class Channels(Repository[Channel]):
    kind = Channel
