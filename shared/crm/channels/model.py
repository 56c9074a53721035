"""A channel: one connected number, the keys to it, and how it waits and answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.channels.events import (
    ChannelActivated,
    ChannelActivationFailed,
    ChannelActivationRequested,
    ChannelCreated,
    ChannelDeactivated,
    ChannelDebounceTimeoutChanged,
    ChannelDefaultAgentSet,
    ChannelDeleted,
    ChannelHistoryImportEnabled,
    ChannelLabelDeleted,
    ChannelLabelUpserted,
    ChannelQrUpdated,
    ChannelRestrictionChanged,
    ChannelSendThrottled,
    ChannelSilenceDetected,
    ChannelStateChanged,
    ChannelUpdated,
    ChannelWebhookConfigured,
)
from shared.crm.channels.pace import Brake, Pace
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.ids import uuid7

LONGEST_DEBOUNCE_MS = 300_000
LONGEST_WAIT_MS = 3_600_000
SHOWS_CODE, CODE_LASTS = "scan_qr_code", timedelta(seconds=20)


class ChannelType(StrEnum):
    WAHA = "waha"


class ChannelStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


class Engine(StrEnum):
    """The WhatsApp engine a WAHA server runs."""

    WEBJS = "WEBJS"
    WPP = "WPP"
    NOWEB = "NOWEB"
    GOWS = "GOWS"


@dataclass(eq=False, kw_only=True)
class Channel(Aggregate):
    """`*_sealed` hold secrets as `shared.runtime.sealing` makes them; they never leave the house."""

    aggregate_type: ClassVar[str] = "channel"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    type: ChannelType
    name: str
    base_url: str
    session_name: str
    engine: Engine
    token_hash: str
    token_sealed: str
    api_key_sealed: str
    hmac_key_sealed: str
    status: ChannelStatus = ChannelStatus.ACTIVE
    connection: str = "unknown"
    connection_at: datetime | None = None
    phone: str | None = None
    debounce_timeout_ms: int = 15_000
    debounce_max_wait_ms: int = 60_000
    replies_in_groups: bool = False
    default_agent_id: UUID | None = None
    pace: Pace | None = None
    imports_history: bool = False
    history_read_until: datetime | None = None
    deleted_at: datetime | None = None

    @classmethod
    def new_id(cls) -> UUID:
        """The id comes first: the channel's secrets are sealed under it."""
        return uuid7()

    def created(self) -> Self:
        self.record(ChannelCreated(channel_id=self.id, type=self.type))
        return self

    def update(self, **wanted: Any) -> None:
        """Change the fields that are given; the event names those that are not as they were, never their values."""
        if "debounce_timeout_ms" in wanted:
            self.debounce(wanted.pop("debounce_timeout_ms"))
        if "default_agent_id" in wanted:
            self.answer_by(wanted.pop("default_agent_id"))
        if "imports_history" in wanted:
            self.import_history(wanted.pop("imports_history"))
        changed = {name: value for name, value in wanted.items() if value != getattr(self, name)}
        for name, value in changed.items():
            setattr(self, name, value)
        self.changed({name.removesuffix("_sealed").removesuffix("_hash") for name in changed})

    def debounce(self, timeout_ms: int) -> None:
        if not 0 <= timeout_ms <= LONGEST_DEBOUNCE_MS:
            raise Invalid(f"debounce_timeout_ms lies between 0 and {LONGEST_DEBOUNCE_MS}")
        if timeout_ms != self.debounce_timeout_ms:
            old, self.debounce_timeout_ms = self.debounce_timeout_ms, timeout_ms
            self.record(ChannelDebounceTimeoutChanged(channel_id=self.id, old_ms=old, new_ms=timeout_ms))

    def answer_by(self, agent_id: UUID | None) -> None:
        if agent_id != self.default_agent_id:
            self.default_agent_id = agent_id
            self.record(ChannelDefaultAgentSet(channel_id=self.id, agent_id=agent_id))

    def import_history(self, wanted: bool) -> None:  # noqa: FBT001 - it is what the field says
        """Say whether the past is fetched by itself: when the channel is first connected, and after it was away."""
        if wanted == self.imports_history:
            return
        self.imports_history = wanted
        if wanted:
            self.record(ChannelHistoryImportEnabled(channel_id=self.id, agent_id=self.default_agent_id))
        else:
            self.changed(["imports_history"])

    def history_is_read(self, until: datetime) -> None:
        """Note up to when all that the provider remembers has been taken in."""
        self.history_read_until = max(until, self.history_read_until or until)

    def throttled(self, brake: Brake, until: datetime) -> None:
        """Note that messages wait; the rows that say how long are the sender's."""
        self.record(ChannelSendThrottled(channel_id=self.id, bucket=brake, resume_at=until))

    def changed(self, fields: Iterable[str]) -> None:
        if fields := list(fields):
            self.record(ChannelUpdated(channel_id=self.id, changed=sorted(fields)))

    def labelled(self, label: str, *, is_deleted: bool) -> None:
        """Note that one of its labels is new, changed or gone; the row is the store's."""
        kind = ChannelLabelDeleted if is_deleted else ChannelLabelUpserted
        self.record(kind(channel_id=self.id, label=label))

    def must_be_active(self) -> None:
        """Conflict: nothing is asked of its provider for now."""
        if self.status is not ChannelStatus.ACTIVE:
            raise Conflict("the channel is not active", code="channel_inactive")

    def activate(self) -> None:
        """Let it send, and ask for it to be connected, also when it was allowed to send before."""
        self.status = ChannelStatus.ACTIVE
        self.record(ChannelActivationRequested(channel_id=self.id))

    def deactivate(self, by: UUID) -> None:
        if self.status is not ChannelStatus.INACTIVE:
            self.status = ChannelStatus.INACTIVE
            self.record(ChannelDeactivated(channel_id=self.id, by=by))

    def delete(self, at: datetime) -> None:
        """Let it send and take in nothing any more; it does not come back."""
        self.status, self.deleted_at = ChannelStatus.INACTIVE, at
        self.record(ChannelDeleted(channel_id=self.id))

    def was_activated(self) -> None:
        self.record(ChannelActivated(channel_id=self.id))

    def was_not_activated(self, reason: str) -> None:
        self.record(ChannelActivationFailed(channel_id=self.id, reason=reason))

    def webhook_is_configured(self, events: Iterable[str]) -> None:
        self.record(ChannelWebhookConfigured(channel_id=self.id, events=sorted(events)))

    def fell_silent(self, *, since: datetime) -> None:
        self.record(ChannelSilenceDetected(channel_id=self.id, since=since, state=self.connection))

    def restricted(self, *, may_open_chats: bool, until: datetime | None) -> None:
        self.record(ChannelRestrictionChanged(channel_id=self.id, may_open_chats=may_open_chats, until=until))

    def shows_code(self, at: datetime) -> None:
        """Note that there is a new code to be scanned, unless something newer is known of the connection."""
        if self.connection_at is None or at > self.connection_at:
            self.record(ChannelQrUpdated(channel_id=self.id, expires_at=at + CODE_LASTS))

    def connection_is(self, state: str, at: datetime, phone: str | None) -> None:
        """Take the provider's word for the connection, unless a newer one is known."""
        if self.connection_at is not None and at < self.connection_at:
            return
        previous, self.connection, self.connection_at = self.connection, state, at
        self.phone = phone or self.phone
        if previous != state:
            self.record(ChannelStateChanged(channel_id=self.id, previous=previous, current=state))
