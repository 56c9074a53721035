"""Everything that can happen to a message."""

from datetime import datetime
from uuid import UUID

from shared.kernel.events import Event


class MessageEvent(Event, ordered_by="chat_id"):
    message_id: UUID
    chat_id: UUID
    contact_id: UUID | None


class MessageCreated(MessageEvent, name="message.created"):
    session_id: UUID | None
    direction: str
    sender_kind: str
    type: str


class MessageQueued(MessageEvent, name="message.queued"):
    channel_id: UUID


class MessageSent(MessageEvent, name="message.sent"):
    channel_id: UUID


class MessageDelivered(MessageEvent, name="message.delivered"):
    at: datetime


class MessageRead(MessageEvent, name="message.read"):
    """The customer has read ours; or we have read theirs, and with it all that they had written before."""

    at: datetime


class MessagePlayed(MessageEvent, name="message.played"):
    at: datetime


class MessageFailed(MessageEvent, name="message.failed"):
    code: str
    retryable: bool


class MessageCancelled(MessageEvent, name="message.cancelled"):
    reason: str


class MessageRetried(MessageEvent, name="message.retried"):
    attempt: int


class MessageEdited(MessageEvent, name="message.edited"):
    """It says something else now; it had not been sent yet."""

    by: UUID


class MessageDeleted(MessageEvent, name="message.deleted"):
    by: UUID


class MessageLeftUnknown(MessageEvent, name="message.left_unknown"):
    """The provider did not say whether it was sent; nothing sends it again by itself."""


class MessageMediaAnnounced(MessageEvent, name="message.media_announced"):
    """It came with a file, which is still with the provider."""


class MessageMediaStored(MessageEvent, name="message.media_stored"):
    """Its file is in our own store; the type is what its bytes show."""

    media_id: UUID
    mimetype: str
    bytes: int


class MessageMediaFailed(MessageEvent, name="message.media_failed"):
    """Its file was given up; `retryable` says whether asking for it again may help."""

    reason: str
    retryable: bool
