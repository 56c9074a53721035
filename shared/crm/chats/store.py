"""Where chats and their addresses are kept, and how they are found."""

from uuid import UUID

from shared.crm.chats.model import Chat, ChatStatus
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

chats = map_aggregate(Chat, "chats")

_AT = """
select chat_id from chat_addresses
where tenant_id = :tenant_id and channel_id = :channel_id and address = :address
"""
_SETTLE_AT = """
insert into chat_addresses (tenant_id, project_id, channel_id, address, chat_id)
values (:tenant_id, :project_id, :channel_id, :address, :chat_id)
"""


class Chats(Repository[Chat]):
    kind = Chat

    def locked(self, id: UUID) -> Chat:
        """The chat that an id names, itself or the one it became one with; nobody else works on it meanwhile."""
        chat = self.get(id, lock=True)
        return self.get(chat.merged_into_id, lock=True) if chat.merged_into_id else chat

    def of_contact(self, channel_id: UUID, contact_id: UUID) -> Chat | None:
        """The contact's own chat on a channel, locked."""
        theirs = chats.c.channel_id == channel_id, chats.c.contact_id == contact_id
        return self.first(*theirs, chats.c.status != ChatStatus.MERGED, lock=True)

    def at(self, channel_id: UUID, address: str) -> Chat | None:
        """The chat at a provider's address, locked."""
        rows = self.uow.run(sql(_AT, tenant_id=self.uow.tenant_id, channel_id=channel_id, address=address))[0]
        return self.locked(UUID(rows[0][0] or "")) if rows else None

    def settle_at(self, chat: Chat, address: str) -> None:
        """Let the chat be found at one more address."""
        names = {"tenant_id": chat.tenant_id, "project_id": chat.project_id, "channel_id": chat.channel_id}
        self.uow.run(sql(_SETTLE_AT, **names, address=address, chat_id=chat.id))
