"""Something that is done to a chat at its provider: made, put away, called otherwise, given labels or members."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.crm.actions.model import Action, ActionStatus
from shared.crm.chats.model import Chat
from shared.kernel.ids import uuid7


class ChatActionKind(StrEnum):
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    SUBJECT = "subject"
    DESCRIPTION = "description"
    LABELS = "labels"
    ADD = "add"
    REMOVE = "remove"
    PROMOTE = "promote"
    DEMOTE = "demote"
    CREATE = "create"


_UNKNOWN = "WAHA did not say whether it made this group; look for it on the phone before you ask for it again"
_OPPOSITES = (
    {ChatActionKind.ARCHIVE, ChatActionKind.UNARCHIVE},
    {ChatActionKind.ADD, ChatActionKind.REMOVE},
    {ChatActionKind.PROMOTE, ChatActionKind.DEMOTE},
)


@dataclass(eq=False, kw_only=True)
class ChatAction(Action):
    """`contact_id` is whose place in a group changes; `text` and `labels` are what the chat is to have.

    `participants` are the contacts with whom a group is made.
    """

    aggregate_type: ClassVar[str] = "chat_action"

    kind: ChatActionKind
    text: str | None = None
    labels: list[str] | None = None
    participants: list[UUID] | None = None

    @classmethod
    def queue(
        cls,
        kind: ChatActionKind,
        chat: Chat,
        *,
        by: UUID,
        at: datetime,
        contact_id: UUID | None = None,
        text: str | None = None,
        labels: list[str] | None = None,
        participants: list[UUID] | None = None,
    ) -> Self:
        return cls(
            id=uuid7(),
            tenant_id=chat.tenant_id,
            project_id=chat.project_id,
            channel_id=chat.channel_id,
            chat_id=chat.id,
            contact_id=contact_id or chat.contact_id,
            kind=kind,
            text=text,
            labels=labels,
            participants=participants,
            requested_by=by,
            requested_at=at,
        )

    def lose_track(self) -> None:
        """Nobody knows whether it was done, and doing it again might do it twice."""
        self.status, self.failure_code, self.failure_reason = ActionStatus.UNKNOWN, "outcome_unknown", _UNKNOWN

    def was_made(self) -> None:
        """The provider has the group after all, whatever was thought of it before."""
        self.finish()
        self.failure_code = self.failure_reason = None

    @property
    def alike(self) -> set[ChatActionKind]:
        """The kinds of which the last one that was asked for counts."""
        return next((pair for pair in _OPPOSITES if self.kind in pair), {self.kind})
