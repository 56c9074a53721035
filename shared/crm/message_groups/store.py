"""Where message groups are kept and how they are found."""

from collections.abc import Collection
from uuid import UUID

from shared.crm.message_groups.model import GroupStatus, MessageGroup
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

message_groups = map_aggregate(MessageGroup, "message_groups")
_WITH_OLDER = """
with recursive asked as (
    select id, opened_at from message_groups where tenant_id = :tenant_id and id = :group_id
    union
    select older.id, older.opened_at from asked join message_groups older on older.superseded_by_id = asked.id
    where older.tenant_id = :tenant_id and older.outcome = 'superseded'
)
select id from asked order by opened_at, id
"""


class MessageGroups(Repository[MessageGroup]):
    kind = MessageGroup

    def unsettled(self, chat_id: UUID, answered: Collection[UUID]) -> list[MessageGroup]:
        """The chat's closed groups that have no outcome yet, or one of those `answered` by a reply, locked."""
        closed = message_groups.c.chat_id == chat_id, message_groups.c.status != GroupStatus.PENDING
        open_end = message_groups.c.outcome.is_(None) | message_groups.c.id.in_(answered)
        return self.all(*closed, open_end, lock=True)

    def with_older(self, group_id: UUID) -> list[UUID]:
        """The group behind all whose place it took, the oldest first: what they asked it asks too."""
        rows = self.uow.run(sql(_WITH_OLDER, tenant_id=self.uow.tenant_id, group_id=group_id))[0]
        return [UUID(row[0] or "") for row in rows]

    def pending_in(self, chat_id: UUID) -> MessageGroup | None:
        """The burst that waits in the chat, locked; the chat is locked by the caller."""
        return self.first(
            message_groups.c.chat_id == chat_id, message_groups.c.status == GroupStatus.PENDING, lock=True
        )
