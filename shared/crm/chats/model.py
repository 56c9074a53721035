"""A chat: one conversation on one channel, with a person or among a group."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.crm.chats.events import ChatCreated, ChatMerged, ChatParticipantAdded
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatKind


class ChatStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(eq=False, kw_only=True)
class Chat(Aggregate):
    aggregate_type: ClassVar[str] = "chat"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    kind: ChatKind
    contact_id: UUID | None = None
    subject: str = ""
    status: ChatStatus = ChatStatus.ACTIVE
    merged_into_id: UUID | None = None
    last_message_at: datetime | None = None

    @classmethod
    def open(
        cls, *, tenant_id: UUID, project_id: UUID, channel_id: UUID, kind: ChatKind, contact_id: UUID | None = None
    ) -> Self:
        chat = cls(
            id=uuid7(),
            tenant_id=tenant_id,
            project_id=project_id,
            channel_id=channel_id,
            kind=kind,
            contact_id=contact_id,
        )
        chat.record(ChatCreated(chat_id=chat.id, kind=kind, contact_id=contact_id))
        return chat

    @property
    def converses(self) -> bool:
        """Whether sessions and replies make sense here; statuses and newsletters are only kept."""
        return self.kind in {ChatKind.INDIVIDUAL, ChatKind.GROUP}

    def heard(self, at: datetime) -> None:
        self.last_message_at = max(self.last_message_at or at, at)

    def joined_by(self, contact_id: UUID) -> None:
        """Note that the contact takes part; the row is the store's."""
        self.record(ChatParticipantAdded(chat_id=self.id, contact_id=contact_id))

    def absorb(self, other: "Chat") -> None:
        """Become the one chat of a person who had two on the channel."""
        if other.last_message_at:
            self.heard(other.last_message_at)
        other.status, other.merged_into_id = ChatStatus.MERGED, self.id
        self.record(ChatMerged(survivor_id=self.id, merged_id=other.id))
