"""Receipts and connection states: how far messages have come, and whether the channel is connected."""

from datetime import datetime
from typing import Any

from shared.crm.channels.model import Channel
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.people import People
from shared.crm.inbound.picture import Wanted
from shared.crm.messages.model import LEVELS, Direction, Message
from shared.kernel.inbound import ChatKind, ConnectionState, Receipt

_REMEMBER_RECEIPT = """
insert into message_receipts as known (tenant_id, project_id, message_id, contact_id, level, at)
values (:tenant_id, :project_id, :message_id, :contact_id, :level, :at)
on conflict (tenant_id, message_id, contact_id) do update
set level = greatest(known.level, excluded.level), at = least(known.at, excluded.at)
"""
_WAIT_FOR_MESSAGE = """
insert into early_receipts as known (tenant_id, project_id, channel_id, external_id, level, contact_id, at)
values (:tenant_id, :project_id, :channel_id, :external_id, :level, :contact_id, :at)
on conflict (tenant_id, channel_id, external_id, level, contact_id) do update set at = least(known.at, excluded.at)
"""


def take_receipt(gate: Gate, wanted: Wanted, told: Receipt, seen: dict[str, Any]) -> Ledger:
    """Move the message forward, or let the receipt wait for it. Whose message it is, our own row says."""
    ledger = Ledger()
    at = told.at or datetime.fromisoformat(seen["now"])
    if told.level not in LEVELS:
        return ledger
    row = seen["message"]
    message = ledger.load("messages", Message, row) if row else None
    in_group = told.chat_kind is ChatKind.GROUP and told.participant is not None and told.level >= 1
    reader = None
    if in_group and (message is None or message.direction is Direction.OUTBOUND):
        reader = People(gate, wanted, ledger, seen).contact(told.participant)
    values = {
        "tenant_id": gate.tenant_id,
        "project_id": gate.project_id,
        "contact_id": reader.id if reader else None,
        "level": told.level,
        "at": at,
    }
    if message is None:
        ledger.last(_WAIT_FOR_MESSAGE, channel_id=gate.channel_id, external_id=wanted.external_id, **values)
    elif reader is None:
        message.receipt(told.level, at)
    else:
        ledger.last(_REMEMBER_RECEIPT, message_id=message.id, **values)
        message.receipt(min(told.level, 1), at)
    return ledger


def take_state(told: ConnectionState, seen: dict[str, Any]) -> Ledger:
    """Take the provider's word for the connection."""
    ledger = Ledger()
    channel = ledger.load("channels", Channel, seen["channel"])
    now = datetime.fromisoformat(seen["now"])
    channel.connection_is(told.status.lower()[:40], min(told.at or now, now), told.phone.value if told.phone else None)
    return ledger
