"""Everything that can happen to a call; it is told of on the topic of its channel."""

from uuid import UUID

from shared.kernel.events import Event


class CallEvent(Event, ordered_by="call_id"):
    """`contact_id` is null while nobody knows who called."""

    channel_id: UUID
    call_id: UUID
    contact_id: UUID | None
    is_video: bool


class ChannelCallReceived(CallEvent, name="channel.call_received"):
    pass


class ChannelCallAccepted(CallEvent, name="channel.call_accepted"):
    pass


class ChannelCallRejected(CallEvent, name="channel.call_rejected"):
    """It was refused, or nobody took it, or it has ended."""
