"""A chat: one conversation on one channel, with a person or among a group."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.chats.events import (
    ChatArchived,
    ChatClosed,
    ChatCreated,
    ChatDescriptionUpdated,
    ChatLabelAdded,
    ChatLabelRemoved,
    ChatMerged,
    ChatParticipantAdded,
    ChatParticipantDemoted,
    ChatParticipantPromoted,
    ChatParticipantRemoved,
    ChatReopened,
    ChatSubjectUpdated,
    ChatUnarchived,
    ChatUnmerged,
)
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Conflict
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatKind
from shared.kernel.notes import annotated


class ChatStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(eq=False, kw_only=True)
class Chat(Aggregate):
    """`stamps` are those of what the provider last said of the chat: of its subject, its members and so on.

    `left_at` is when we left the group.
    """

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
    description: str = ""
    left_at: datetime | None = None
    stamps: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

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
        chat.was_made()
        return chat

    @classmethod
    def asked_for(cls, *, tenant_id: UUID, project_id: UUID, channel_id: UUID, subject: str) -> Self:
        """A group that the provider is yet to make."""
        return cls(
            id=uuid7(),
            tenant_id=tenant_id,
            project_id=project_id,
            channel_id=channel_id,
            kind=ChatKind.GROUP,
            subject=subject,
        )

    def was_made(self) -> None:
        """Note that the provider has it now."""
        self.record(ChatCreated(chat_id=self.id, kind=self.kind, contact_id=self.contact_id))

    @property
    def converses(self) -> bool:
        """Whether sessions and replies make sense here; statuses and newsletters are only kept."""
        return self.kind in {ChatKind.INDIVIDUAL, ChatKind.GROUP}

    def heard(self, at: datetime) -> None:
        self.last_message_at = max(self.last_message_at or at, at)

    def called(self, subject: str, stamp: str) -> None:
        """Take the subject that a group has by now, unless a later one is known."""
        if self._is_news("subject", stamp) and subject != self.subject:
            self.subject = subject
            self.record(ChatSubjectUpdated(chat_id=self.id))

    def described(self, description: str, stamp: str) -> None:
        if self._is_news("description", stamp) and description != self.description:
            self.description = description
            self.record(ChatDescriptionUpdated(chat_id=self.id))

    def archive(self, stamp: str, *, is_archived: bool) -> None:
        """Put it away, or take it out again, as the provider last said; one that was closed here stays closed."""
        wanted = ChatStatus.ARCHIVED if is_archived else ChatStatus.ACTIVE
        if self._is_news("archived", stamp) and self.status in {ChatStatus.ACTIVE, ChatStatus.ARCHIVED} - {wanted}:
            self.status = wanted
            self.record((ChatArchived if is_archived else ChatUnarchived)(chat_id=self.id))

    def put_away(self, stamp: str, *, is_archived: bool) -> None:
        """The same at somebody's wish here, which is the last word. Conflict: it is closed."""
        if self.status is ChatStatus.CLOSED:
            raise Conflict("this chat is closed; reopen it first", code="chat_closed")
        self.archive(max(stamp, f"{self.stamps.get('archived', '')}+"), is_archived=is_archived)

    def close(self) -> None:
        """Be done with. Conflict: it is."""
        if self.status is ChatStatus.CLOSED:
            raise Conflict("this chat is closed already", code="chat_closed")
        self.status = ChatStatus.CLOSED
        self.record(ChatClosed(chat_id=self.id))

    def reopen(self) -> None:
        """Conflict: it is not closed."""
        if self.status is not ChatStatus.CLOSED:
            raise Conflict("only a closed chat can be reopened", code="chat_not_closed")
        self.status = ChatStatus.ACTIVE
        self.record(ChatReopened(chat_id=self.id))

    def customer_wrote(self) -> None:
        """Whoever had closed it did not know of this."""
        if self.status is ChatStatus.CLOSED:
            self.reopen()

    def annotate(self, notes: Mapping[str, Any]) -> None:
        """Keep notes about it under the names given; a null takes one away. Invalid: these are too many."""
        self.metadata = annotated(self.metadata, notes, "a chat")

    def we_are_in(self, stamp: str, at: datetime, *, is_in: bool) -> None:
        """Note that we joined the group, or left it."""
        if not self._is_news("ours", stamp) or is_in == (self.left_at is None):
            return
        self.left_at = None if is_in else at
        self.takes_part(None, is_in=is_in)

    def members_listed(self, stamp: str) -> bool:
        """Note a full list of the members; False when a later one is known."""
        return self._is_news("members", stamp)

    def takes_part(self, contact_id: UUID | None, *, is_in: bool) -> None:
        """Note that the contact takes part, or does not any more; the row is the store's."""
        kind = ChatParticipantAdded if is_in else ChatParticipantRemoved
        self.record(kind(chat_id=self.id, contact_id=contact_id))

    def ranks(self, contact_id: UUID, *, is_admin: bool) -> None:
        kind = ChatParticipantPromoted if is_admin else ChatParticipantDemoted
        self.record(kind(chat_id=self.id, contact_id=contact_id))

    def labelled(self, label: str, *, is_on: bool) -> None:
        """Note that a label was put on it, or taken off; the row is the store's."""
        self.record((ChatLabelAdded if is_on else ChatLabelRemoved)(chat_id=self.id, label=label))

    def absorb(self, other: "Chat") -> None:
        """Become the one chat of a person who had two on the channel."""
        if other.last_message_at:
            self.heard(other.last_message_at)
        self.archive(other.stamps.get("archived", ""), is_archived=other.status is ChatStatus.ARCHIVED)
        if other.status is not ChatStatus.CLOSED:
            self.customer_wrote()
        other.status, other.merged_into_id = ChatStatus.MERGED, self.id
        self.record(ChatMerged(survivor_id=self.id, merged_id=other.id))

    def part(self, contact_id: UUID, before: ChatStatus) -> None:
        """Be a chat of its own again, with the contact whose it was."""
        if self.merged_into_id:
            self.record(ChatUnmerged(survivor_id=self.merged_into_id, restored_id=self.id))
            self.status, self.merged_into_id = before, None
        self.contact_id = contact_id

    def _is_news(self, what: str, stamp: str) -> bool:
        """Whether nothing later is known of it; from now on this is."""
        if stamp <= self.stamps.get(what, ""):
            return False
        self.stamps = {**self.stamps, what: stamp}
        return True
