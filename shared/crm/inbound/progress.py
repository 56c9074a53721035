"""Receipts and connection states: how far messages have come, and whether the channel is connected."""

from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.moves import REMEMBER_RECEIPT
from shared.crm.inbound.people import People
from shared.crm.inbound.picture import Wanted
from shared.crm.messages.model import LEVELS, Direction, Message
from shared.kernel.inbound import ChatKind, ConnectionState, Receipt

SENT = 1
_WAIT_FOR_MESSAGE = """
insert into early_receipts as known (tenant_id, project_id, channel_id, external_id, level, contact_id, at)
values (:tenant_id, :project_id, :channel_id, :external_id, :level, :contact_id, :at)
on conflict (tenant_id, channel_id, external_id, level, contact_id) do update set at = least(known.at, excluded.at)
"""


def take_receipt(gate: Gate, wanted: Wanted, told: Receipt, seen: dict[str, Any]) -> Ledger:
    """Move the messages forward, or let the receipt wait for them. Whose they are, our own rows say."""
    progress = _Progress(gate, wanted, told, seen)
    if told.level in LEVELS:
        for external_id in told.external_ids:
            progress.take(external_id)
    return progress.ledger


def receive_receipt(ledger: Ledger, message: Message, level: int, at: datetime, reader_id: UUID | None) -> None:
    """Move one message forward; of ours in a group, only as far as one reader can say."""
    if reader_id is None or message.direction is Direction.INBOUND:
        message.receipt(level, at)
        return
    message.receipt(min(level, SENT), at)
    ledger.last(
        REMEMBER_RECEIPT,
        tenant_id=message.tenant_id,
        project_id=message.project_id,
        message_id=message.id,
        contact_id=reader_id,
        level=level,
        at=at,
    )


class _Progress:
    """One receipt and the messages it speaks of."""

    def __init__(self, gate: Gate, wanted: Wanted, told: Receipt, seen: dict[str, Any]) -> None:
        self.gate = gate
        self.wanted = wanted
        self.told = told
        self.seen = seen
        self.ledger = Ledger()
        self.at = told.at or datetime.fromisoformat(seen["now"])
        loaded = self.ledger.load_all("messages", Message, seen["messages"])
        self.messages = {message.external_id: message for message in loaded}

    def take(self, external_id: str) -> None:
        message = self.messages.get(external_id)
        if message is None:
            self._wait(external_id)
        else:
            reader_id = self.reader_id if message.direction is Direction.OUTBOUND else None
            receive_receipt(self.ledger, message, self.told.level, self.at, reader_id)

    def _wait(self, external_id: str) -> None:
        self.ledger.last(
            _WAIT_FOR_MESSAGE,
            tenant_id=self.gate.tenant_id,
            project_id=self.gate.project_id,
            channel_id=self.gate.channel_id,
            external_id=external_id,
            # Who is told of a message that is not ours has no say in it.
            contact_id=None if self.told.from_me is False else self.reader_id,
            level=self.told.level,
            at=self.at,
        )

    @cached_property
    def reader_id(self) -> UUID | None:
        """Who in a group received or read it."""
        if self.told.chat_kind is not ChatKind.GROUP or self.told.level < SENT:
            return None
        reader = People(self.gate, self.wanted, self.ledger, self.seen).contact(self.told.participant)
        return reader.id if reader else None


def take_state(told: ConnectionState, seen: dict[str, Any]) -> Ledger:
    """Take the provider's word for the connection."""
    ledger = Ledger()
    channel = ledger.load("channels", Channel, seen["channel"])
    now = datetime.fromisoformat(seen["now"])
    channel.connection_is(told.status.lower()[:40], min(told.at or now, now), told.phone.value if told.phone else None)
    return ledger
