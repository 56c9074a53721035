"""Everything that can happen to a channel."""

from datetime import datetime
from uuid import UUID

from shared.kernel.events import Event


class ChannelEvent(Event):
    channel_id: UUID


class ChannelCreated(ChannelEvent, name="channel.created"):
    type: str


class ChannelUpdated(ChannelEvent, name="channel.updated"):
    changed: list[str]


class ChannelDeleted(ChannelEvent, name="channel.deleted"):
    """Nothing is sent or taken in by it any more; what was said on it stays."""


class ChannelActivationRequested(ChannelEvent, name="channel.activation_requested"):
    pass


class ChannelActivated(ChannelEvent, name="channel.activated"):
    """Its provider has begun to connect it; whether a phone is paired is for its state to say."""


class ChannelActivationFailed(ChannelEvent, name="channel.activation_failed"):
    reason: str


class ChannelDeactivated(ChannelEvent, name="channel.deactivated"):
    by: UUID


class ChannelWebhookConfigured(ChannelEvent, name="channel.webhook_configured"):
    events: list[str]


class ChannelStateChanged(ChannelEvent, name="channel.state_changed"):
    previous: str
    current: str


class ChannelQrUpdated(ChannelEvent, name="channel.qr_updated"):
    """There is a code to be scanned, and until then it is good; what it shows is for whoever asks for it."""

    expires_at: datetime


class ChannelLabelUpserted(ChannelEvent, name="channel.label_upserted"):
    """`label` is the provider's id of it."""

    label: str


class ChannelLabelDeleted(ChannelEvent, name="channel.label_deleted"):
    label: str


class ChannelSilenceDetected(ChannelEvent, name="channel.silence_detected"):
    """Its provider says that it works, and nothing comes at an hour at which something usually does."""

    since: datetime
    state: str


class ChannelRestrictionChanged(ChannelEvent, name="channel.restriction_changed"):
    """WhatsApp lets the number open new chats again, or no longer: until a moment, if that is known."""

    may_open_chats: bool
    until: datetime | None


class ChannelSendThrottled(ChannelEvent, name="channel.send_throttled"):
    """Messages wait for the number's pace; `bucket` says which brake is on. Told once, until it is released."""

    bucket: str
    resume_at: datetime


class ChannelDebounceTimeoutChanged(ChannelEvent, name="channel.debounce_timeout_changed"):
    old_ms: int
    new_ms: int


class ChannelDefaultAgentSet(ChannelEvent, name="channel.default_agent_set"):
    agent_id: UUID | None


class ChannelHistoryImportEnabled(ChannelEvent, name="channel.history_import_enabled"):
    """From now on the past is fetched by itself; what we had sent is then the agent's."""

    agent_id: UUID | None
