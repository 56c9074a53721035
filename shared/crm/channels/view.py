"""The public face of a channel, which never shows a secret; and what is shown once, when it is new."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.channels.model import ChannelStatus, ChannelType, Engine
from shared.crm.channels.pace import Pace
from shared.runtime.query import Source

# For what hangs on a channel: whether the one that `:channel_id` stands for is there.
IS_THERE = "exists (select from channels where deleted_at is null and id = :channel_id)"


@dataclass(frozen=True, kw_only=True)
class ChannelView:
    """`status` is ours to set; `connection` is what the provider last said, at `connection_at`.

    `history_read_until` is up to when an import has taken in all that the provider remembers.
    """

    id: UUID
    project_id: UUID
    type: ChannelType
    name: str
    base_url: str
    session_name: str
    engine: Engine
    status: ChannelStatus
    connection: str
    connection_at: datetime | None
    phone: str | None
    debounce_timeout_ms: int
    debounce_max_wait_ms: int
    replies_in_groups: bool
    default_agent_id: UUID | None
    pace: Pace | None
    imports_history: bool
    history_read_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class RevealedChannel(ChannelView):
    """`webhook_url` and `hmac_key` are shown in the answer that made them, and never again; null when not new."""

    webhook_url: str | None
    hmac_key: str | None


CHANNELS = Source(
    view=ChannelView,
    tables="channels c",
    alias="c",
    where="c.deleted_at is null",
    filters=("type", "status", "connection", "engine", "session_name", "phone", "default_agent_id", "name"),
    sorts=("created_at", "name"),
    noun="channel",
)
REVEALED_CHANNELS = Source(
    view=RevealedChannel,
    tables="channels c",
    alias="c",
    columns={"webhook_url": "null", "hmac_key": "null"},
    noun="channel",
)
