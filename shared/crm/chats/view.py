"""The public face of a chat."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.chats.model import ChatStatus
from shared.kernel.inbound import ChatKind
from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class ChatView:
    """`addresses` are the provider's; `participants` are the contacts of a group; `contact_id` is an individual's.

    `last_message_at` is when anything was last said, or when the chat was opened if nothing was.
    """

    id: UUID
    project_id: UUID
    channel_id: UUID
    kind: ChatKind
    contact_id: UUID | None
    subject: str
    status: ChatStatus
    addresses: list[str]
    participants: list[UUID]
    open_session_id: UUID | None
    last_message_at: datetime
    version: int
    created_at: datetime
    updated_at: datetime


CHATS = Source(
    view=ChatView,
    tables="chats c",
    alias="c",
    columns={
        "addresses": """
            select coalesce(json_agg(a.address order by a.address), '[]'::json) from chat_addresses a
            where a.tenant_id = c.tenant_id and a.chat_id = c.id""",
        "participants": """
            select coalesce(json_agg(p.contact_id order by p.contact_id), '[]'::json) from chat_participants p
            where p.tenant_id = c.tenant_id and p.chat_id = c.id""",
        "open_session_id": """
            select s.id from sessions s
            where s.tenant_id = c.tenant_id and s.chat_id = c.id and s.status = 'open'""",
        "last_message_at": "coalesce(c.last_message_at, c.created_at)",
    },
    where="c.status <> 'merged'",
    filters=("channel_id", "kind", "contact_id", "status", "last_message_at", "created_at"),
    sorts=("last_message_at", "created_at"),
    default_sort="last_message_at:desc",
    noun="chat",
    named="(select coalesce(merged_into_id, id) from chats where id = :id)",
)
