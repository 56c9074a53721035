"""How a channel does, as people see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.channels.health import Capping
from shared.crm.channels.model import ChannelStatus
from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class ChannelHealthView:
    """`connection` is what the provider last said; `problem` is why it did not say so when asked at `checked_at`.

    `last_event_at` is the last delivery of any kind. `silent_since` is set while a channel that says that it works is
    not heard of at an hour at which it usually is. While `timelocked` WhatsApp lets the number open no new chats, until
    `timelocked_until` if that is known; `capping` is how near it is to the most of them in a cycle, of which `used` are
    spent and which begins anew at `resets_at`. The counts are of the last 24 hours.
    """

    channel_id: UUID
    status: ChannelStatus
    connection: str
    connection_at: datetime | None
    phone: str | None
    last_event_at: datetime | None
    silent_since: datetime | None
    checked_at: datetime | None
    problem: str | None
    timelocked: bool
    timelocked_until: datetime | None
    capping: Capping | None
    capping_used: int | None
    capping_total: int | None
    capping_resets_at: datetime | None
    deliveries: int
    deliveries_failed: int
    sends: int
    sends_failed: int


_DELIVERIES = """
(select count(*) from inbound_deliveries d where d.tenant_id = c.tenant_id and d.channel_id = c.id
    and d.received_at > now() - interval '24 hours'{more})
"""
_SENDS = """
(select count(*) from messages m where m.tenant_id = c.tenant_id and m.project_id = c.project_id
    and m.channel_id = c.id and m.direction = 'outbound' and m.sent_at > now() - interval '24 hours'
    and m.sender_kind not in ('phone', 'import'){more})
"""
CHANNEL_HEALTH = Source(
    view=ChannelHealthView,
    tables="channels c left join channel_health h on h.tenant_id = c.tenant_id and h.id = c.id",
    alias="c",
    where="c.deleted_at is null",
    columns={
        "channel_id": "c.id",
        "last_event_at": (
            "(select max(d.received_at) from inbound_deliveries d"
            " where d.tenant_id = c.tenant_id and d.channel_id = c.id)"
        ),
        "timelocked": "coalesce(h.timelocked and coalesce(h.timelocked_until > now(), true), false)",
        **{
            name: f"h.{name}"
            for name in (
                "silent_since",
                "checked_at",
                "problem",
                "timelocked_until",
                "capping",
                "capping_used",
                "capping_total",
                "capping_resets_at",
            )
        },
        "deliveries": _DELIVERIES.format(more=""),
        "deliveries_failed": _DELIVERIES.format(more=" and d.status = 'failed'"),
        "sends": _SENDS.format(more=""),
        "sends_failed": _SENDS.format(more=" and m.status = 'failed'"),
    },
    noun="channel",
)
