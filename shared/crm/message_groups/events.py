"""Everything that can happen to a message group."""

from datetime import datetime
from uuid import UUID

from shared.kernel.events import Event


class MessageGroupEvent(Event, ordered_by="chat_id"):
    group_id: UUID
    chat_id: UUID


class MessageGroupCreated(MessageGroupEvent, name="message_group.created"):
    expires_at: datetime


class MessageGroupMessageAdded(MessageGroupEvent, name="message_group.message_added"):
    message_id: UUID
    expires_at: datetime


class MessageGroupProcessing(MessageGroupEvent, name="message_group.processing"):
    pass


class MessageGroupCompleted(MessageGroupEvent, name="message_group.completed"):
    pass


class MessageGroupFailed(MessageGroupEvent, name="message_group.failed"):
    reason: str


class MessageGroupSettled(MessageGroupEvent, name="message_group.settled"):
    """What became of the group: replied, superseded, taken_over, no_agent or failed."""

    outcome: str
    reason: str
