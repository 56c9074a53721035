"""Where message groups are kept and how they are found."""

from collections.abc import Collection
from uuid import UUID

from shared.crm.message_groups.model import GroupStatus, MessageGroup
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

message_groups = map_aggregate(MessageGroup, "message_groups")


class MessageGroups(Repository[MessageGroup]):
    kind = MessageGroup

    def unsettled(self, chat_id: UUID, answered: Collection[UUID]) -> list[MessageGroup]:
        """The chat's closed groups that have no outcome yet, or one of those `answered` by a reply, locked."""
        closed = message_groups.c.chat_id == chat_id, message_groups.c.status != GroupStatus.PENDING
        open_end = message_groups.c.outcome.is_(None) | message_groups.c.id.in_(answered)
        return self.all(*closed, open_end, lock=True)

    def pending_in(self, chat_id: UUID) -> MessageGroup | None:
        """The burst that waits in the chat, locked; the chat is locked by the caller."""
        return self.first(
            message_groups.c.chat_id == chat_id, message_groups.c.status == GroupStatus.PENDING, lock=True
        )
