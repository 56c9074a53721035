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


class MessageScheduled(MessageEvent, name="message.scheduled"):
    """It is to be sent then; until it is, there is no message of this id."""

    send_at: datetime


class MessageScheduleCancelled(MessageEvent, name="message.schedule_cancelled"):
    by: UUID


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


class MessageAwaited(MessageEvent, name="message.awaited"):
    """It has come and cannot be read yet; once it can, it is created."""


class MessageEdited(MessageEvent, name="message.edited"):
    """It says something else now. `by` is the user who changed it here; null when it was edited on WhatsApp."""

    by: UUID | None


class MessageRevoked(MessageEvent, name="message.revoked"):
    """Whoever wrote it, or a group's admin, took it back for everyone; here it stays."""

    at: datetime


class MessageRecalled(MessageEvent, name="message.recalled"):
    """One of us took it back, and the provider did so."""

    by: UUID


class MessageForwarded(MessageEvent, name="message.forwarded"):
    """It was passed on, to another chat or the same; there it is a message of its own."""

    to_chat_id: UUID
    as_message_id: UUID


class MessageReactionAdded(MessageEvent, name="message.reaction_added"):
    """`reactor_id` is the contact who reacted; null when it was us."""

    reactor_id: UUID | None


class MessageReactionRemoved(MessageEvent, name="message.reaction_removed"):
    reactor_id: UUID | None


class MessagePollVoted(MessageEvent, name="message.poll_voted"):
    """Somebody has chosen anew; `options` is how many. A vote that is not readable may be any."""

    reactor_id: UUID | None
    options: int
    is_readable: bool


class MessageEventAnswered(MessageEvent, name="message.event_answered"):
    """Somebody has said whether they come; null: they may, or their word cannot be read."""

    reactor_id: UUID | None
    is_coming: bool | None


class MessageAgentAssigned(MessageEvent, name="message.agent_assigned"):
    """From now on it counts as written by this agent of ours."""

    agent_id: UUID


class MessageDeleted(MessageEvent, name="message.deleted"):
    by: UUID


class MessageOutcomeUnknown(MessageEvent, name="message.outcome_unknown"):
    """The provider did not say whether it was sent; nothing sends it again by itself."""

    since: datetime


class MessageMediaAnnounced(MessageEvent, name="message.media_announced"):
    """It came with a file, which is still with the provider."""


class MessageMediaSent(MessageEvent, name="message.media_sent"):
    """It went out with a file that lies at an address which somebody gave, and which may not last."""


class MessageMediaStored(MessageEvent, name="message.media_stored"):
    """Its file is in our own store; the type is what its bytes show."""

    media_id: UUID
    mimetype: str
    bytes: int


class MessageMediaFailed(MessageEvent, name="message.media_failed"):
    """Its file was given up; `retryable` says whether asking for it again may help."""

    reason: str
    retryable: bool
