"""Something that is done to a message at its provider: its text changed, itself taken back, an emoji set to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.crm.actions.model import Action
from shared.crm.messages.model import Message
from shared.kernel.ids import uuid7


class ActionKind(StrEnum):
    EDIT = "edit"
    RECALL = "recall"
    REACTION = "reaction"


@dataclass(eq=False, kw_only=True)
class MessageAction(Action):
    """`value` is the new text, or the emoji; an empty emoji takes the reaction back."""

    aggregate_type: ClassVar[str] = "message_action"

    message_id: UUID
    kind: ActionKind
    value: str | None = None

    @classmethod
    def queue(cls, kind: ActionKind, message: Message, value: str | None, *, by: UUID, at: datetime) -> Self:
        return cls(
            id=uuid7(),
            tenant_id=message.tenant_id,
            project_id=message.project_id,
            channel_id=message.channel_id,
            chat_id=message.chat_id,
            contact_id=message.contact_id,
            message_id=message.id,
            kind=kind,
            value=value,
            requested_by=by,
            requested_at=at,
        )
