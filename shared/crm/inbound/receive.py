"""A provider's delivery, kept once: lock, look, decide, write and commit, in two round trips."""

import hashlib
import json
from typing import Any
from uuid import UUID

from shared.crm.inbound.gate import Gate
from shared.crm.inbound.intake import Intake
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.merge import merge_contacts, next_merge
from shared.crm.inbound.picture import Wanted
from shared.crm.inbound.progress import take_receipt, take_state
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatKind, ConnectionState, Delivery, InboundMessage, Receipt
from shared.runtime.identity import tenant_scope
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import BEGIN, Connection, Sql, commit, connections, pipeline
from shared.runtime.retry import retried
from shared.runtime.settings import settings

_KEEP = """
insert into inbound_deliveries as known (
    id, tenant_id, project_id, channel_id, provider, event, delivery_key, body, status, problem, message_id, contact_id)
values (:id, :tenant_id, :project_id, :channel_id, :provider, :event, :delivery_key, :body, :status, :problem,
    :message_id, :contact_id)
on conflict (tenant_id, channel_id, delivery_key) do update
set times_received = known.times_received + 1, last_received_at = clock_timestamp()
"""
_SETTLE = """
update inbound_deliveries
set status = :status, problem = :problem, message_id = :message_id, contact_id = :contact_id, reprocessed_at = now()
where tenant_id = :tenant_id and channel_id = :channel_id and delivery_key = :delivery_key
"""
_AGAIN = """
update inbound_deliveries set times_received = times_received + 1, last_received_at = clock_timestamp()
where tenant_id = :tenant_id and channel_id = :channel_id and delivery_key = :delivery_key
"""


def receive(gate: Gate, body: bytes, delivery: Delivery, *, again: bool = False) -> None:
    """Keep a delivery and what it says. `again` works one off that is kept already, as an operator may ask.

    Raises Outdated when the channel's key or address is no longer the gate's; then nothing was kept.
    """
    retried(lambda: _Reception(gate, body, delivery, again=again).run())


class _Reception:
    """The one transaction of a delivery."""

    def __init__(self, gate: Gate, body: bytes, delivery: Delivery, *, again: bool) -> None:
        self.gate = gate
        self.body = body
        self.delivery = delivery
        self.again = again
        self.outgoing = Outgoing(tenant_id=gate.tenant_id)
        self.wanted = _wanted(gate, delivery, delivery.event_id or hashlib.sha256(body).hexdigest())
        self.status = "kept" if delivery.content else "failed" if delivery.problem else "unhandled"
        self.touched: list[Aggregate] = []
        self.message_id: UUID | None = None
        self.contact_id: UUID | None = None

    def run(self) -> None:
        with connections(settings().database_url).take() as connection:
            seen = self._look(connection)
            if not self.again:
                self.gate.check(seen["channel"])
            if seen["delivery"] and not self.again:
                commit(connection, Sql(_AGAIN, self._names()))
                return
            ledger = self._decide(seen)
            statements = ledger.write().statements
            self.outgoing.collect([*self.touched, *ledger.batch.aggregates])
            leaving = self.outgoing.statements()
            commit(connection, *statements, *self._after(), *leaving, after=self.outgoing.hint())

    def _look(self, connection: Connection) -> dict[str, Any]:
        seen = _picture(pipeline(connection, BEGIN, tenant_scope(self.gate.tenant_id), *self.wanted.statements()))
        # A payload may show that two contacts are one person: that is settled before anything else.
        while pair := next_merge(seen):
            merged = merge_contacts(lambda *s: pipeline(connection, *s), self.gate.tenant_id, *pair)
            self.touched.extend(merged.batch.aggregates)
            seen = _picture(pipeline(connection, *self.wanted.statements()))
        return seen

    def _decide(self, seen: dict[str, Any]) -> Ledger:
        content = self.delivery.content
        if isinstance(content, InboundMessage):
            return self._take_message(content, seen)
        if isinstance(content, Receipt):
            return take_receipt(self.gate, self.wanted, content, seen)
        return take_state(content, seen) if isinstance(content, ConnectionState) else Ledger()

    def _take_message(self, told: InboundMessage, seen: dict[str, Any]) -> Ledger:
        intake = Intake(self.gate, self.wanted, told, seen, self.outgoing)
        if intake.is_known():
            self.status = _known_by(seen["delivery"])
        else:
            intake.keep()
        if intake.message:
            self.message_id = intake.message.id
            self.contact_id = intake.message.contact_id or intake.message.sender_contact_id
        return intake.ledger

    def _after(self) -> list[Sql]:
        """The delivery's own row."""
        outcome = {
            "status": self.status,
            "problem": self.delivery.problem,
            "message_id": self.message_id,
            "contact_id": self.contact_id,
        }
        if self.again:
            return [Sql(_SETTLE, {**self._names(), **outcome})]
        about = {"id": uuid7(), "project_id": self.gate.project_id, "provider": "waha", "body": self.body}
        return [Sql(_KEEP, {**self._names(), **outcome, **about, "event": self.delivery.event[:100]})]

    def _names(self) -> dict[str, Any]:
        return {
            "tenant_id": self.gate.tenant_id,
            "channel_id": self.gate.channel_id,
            "delivery_key": self.wanted.delivery_key,
        }


def _known_by(before: dict[str, Any] | None) -> str:
    """How a message that is here already came: by this very delivery, worked off again, or by another."""
    return "kept" if before and before["status"] == "kept" else "duplicate"


def _wanted(gate: Gate, delivery: Delivery, key: str) -> Wanted:
    names: dict[str, Any] = {
        "tenant_id": gate.tenant_id,
        "project_id": gate.project_id,
        "channel_id": gate.channel_id,
        "delivery_key": key,
    }
    content = delivery.content
    if isinstance(content, InboundMessage):
        return Wanted(
            **names,
            at=content.sent_at,
            external_ids=(content.external_id,),
            quoted_external_id=content.quoted_external_id,
            addresses=content.chat_addresses,
            person=content.customer or content.sender,
            is_individual=content.chat_kind is ChatKind.INDIVIDUAL,
            from_me=content.from_me,
        )
    if isinstance(content, Receipt):
        person = content.participant if content.chat_kind is ChatKind.GROUP else None
        return Wanted(**names, external_ids=content.external_ids, person=person)
    return Wanted(**names)


def _picture(rows: list[list[Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(rows[-1][0][0])
    return seen
