"""Where message groups are kept and how they are found."""

from shared.crm.message_groups.model import MessageGroup
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

message_groups = map_aggregate(MessageGroup, "message_groups")


class MessageGroups(Repository[MessageGroup]):
    kind = MessageGroup
