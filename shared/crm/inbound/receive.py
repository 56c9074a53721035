"""A provider's delivery, kept once: lock, look, decide, write and commit, in two round trips."""

import hashlib
import re
from collections.abc import Hashable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import replace
from functools import lru_cache
from logging import WARNING
from typing import Any, TypeVar
from uuid import UUID

from shared.crm.inbound.gate import Gate
from shared.crm.inbound.intake import Intake
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.merge import merge_all
from shared.crm.inbound.others import take_other
from shared.crm.inbound.picture import locking, picturing, read_picture
from shared.crm.inbound.scene import Scene
from shared.crm.inbound.wants import wanted
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatLabel, ConnectionState, Delivery, InboundMessage, Label
from shared.runtime.gathering import Gathering
from shared.runtime.identity import tenant_scope
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import BEGIN, Connection, Sql, commit, connections, is_silent, pipeline, sql, sqlstate
from shared.runtime.retry import retried
from shared.runtime.rows import Insert
from shared.runtime.settings import settings
from shared.runtime.telemetry import say

T = TypeVar("T")

AT_ONCE, TOGETHER = 2, 16  # transactions of one channel in this process, and deliveries in each of them
# A chat that somebody holds must not keep those of other chats waiting.
_IMPATIENT = sql("select set_config('lock_timeout', '500ms', true)")
_KEPT = Insert(
    table="inbound_deliveries as known",
    common=("tenant_id", "project_id", "channel_id", "provider"),
    columns=("id", "event", "delivery_key", "body", "status", "problem", "message_id", "contact_id"),
    otherwise="""
on conflict (tenant_id, channel_id, delivery_key) do update
set times_received = known.times_received + 1, last_received_at = clock_timestamp()""",
)
_SETTLE = """
update inbound_deliveries
set status = :status, problem = :problem, message_id = :message_id, contact_id = :contact_id, reprocessed_at = now()
where tenant_id = :tenant_id and channel_id = :channel_id and delivery_key = :delivery_key
"""
_AGAIN = """
update inbound_deliveries set times_received = times_received + 1, last_received_at = clock_timestamp()
where tenant_id = :tenant_id and channel_id = :channel_id
  and delivery_key = any(array(select jsonb_array_elements_text(cast(:delivery_keys as jsonb))))
"""


def receive(gate: Gate, body: bytes, delivery: Delivery, *, again: str | None = None) -> None:
    """Keep a delivery and what it says. `again` is the key of one that is kept already, to be worked off once more.

    Raises Outdated when the channel's key or address is no longer the gate's; then nothing was kept.
    """
    if again or not _gathering(gate.channel_id).do(_Reception(gate, body, delivery)):
        retried(lambda: _Reception(gate, body, delivery, again=again).run())


@lru_cache(maxsize=1024)
def _gathering(_channel_id: UUID) -> "Gathering[_Reception]":
    """Where the deliveries of a channel meet that come at once."""
    return Gathering(_kept_together, leaders=AT_ONCE, most=TOGETHER)


class _Reception:
    """The one transaction of a delivery."""

    def __init__(self, gate: Gate, body: bytes, delivery: Delivery, *, again: str | None = None) -> None:
        self.gate = gate
        self.body = body
        is_ours = gate.is_for(delivery)
        self.delivery = _believed(gate, delivery) if is_ours else _foreign(gate, delivery)
        self.again = again
        self.outgoing = Outgoing(tenant_id=gate.tenant_id)
        key = again or delivery.event_id or hashlib.sha256(body).hexdigest()
        self.wanted = wanted(gate, self.delivery.content, key)
        self.subject = self.wanted.subject or self
        self.status = _status(self.delivery) if is_ours else "misdirected"
        self.context = copy_context()  # of whoever brought it, whose request its events name
        self.touched: list[Aggregate] = []
        self.is_repeated = False
        self.message_id: UUID | None = None
        self.contact_id: UUID | None = None

        if not delivery.is_foreseen:
            say("an event that nobody foresaw is kept raw", level=WARNING, event=_harmless(delivery.event))

    def run(self) -> None:
        """Keep it in a transaction of its own."""
        with connections(settings().database_url).take() as connection:
            scene = self._look(connection)
            self.judge(scene)
            batch = scene.ledger.write()
            self.outgoing.collect([*self.touched, *batch.aggregates])
            leaving = self.outgoing.statements()
            commit(connection, *batch.statements, *_own_rows([self]), *leaving, after=self.outgoing.hint())

    def judge(self, scene: Scene) -> None:
        """Decide what changes, given all that is known. Raises Outdated."""
        if not self.again:
            self.gate.check(scene.seen["channel"])
            self.is_repeated = self.wanted.delivery_key in scene.seen["deliveries"]
        if not self.is_repeated:
            self._decide(scene)

    @property
    def names(self) -> frozenset[str]:
        """What it may change; of two that share a name the later must see what the earlier has written."""
        states = {"state"} if isinstance(self.delivery.content, ConnectionState | Label | ChatLabel) else set()
        return self.wanted.names | states

    def _look(self, connection: Connection) -> Scene:
        scope = (BEGIN, tenant_scope(self.gate.tenant_id))
        # A payload may show that two contacts are one person: that is settled before anything else.
        self.touched, seen = merge_all(lambda *s: pipeline(connection, *s), self.wanted, *scope)
        return Scene(self.gate, seen)

    def _decide(self, scene: Scene) -> None:
        content = self.delivery.content
        if isinstance(content, InboundMessage):
            self._take_message(content, scene)
        elif content:
            take_other(scene, content)

    def _take_message(self, told: InboundMessage, scene: Scene) -> None:
        intake = Intake(scene, told, self.outgoing)
        if not intake.take():
            # It is here: by this very delivery, worked off again, or by another.
            was_kept = scene.seen["deliveries"].get(self.wanted.delivery_key) == "kept"
            self.status = "kept" if was_kept else "duplicate"
        if intake.message:
            self.message_id = intake.message.id
            self.contact_id = intake.message.contact_id or intake.message.sender_contact_id

    def row(self) -> dict[str, Any]:
        """The delivery's own row."""
        return {
            "id": uuid7(),
            "event": self.delivery.event[:100],
            "delivery_key": self.wanted.delivery_key,
            "body": self.body,
            "status": self.status,
            "problem": self.delivery.problem,
            "message_id": self.message_id,
            "contact_id": self.contact_id,
        }


_Talk = list[_Reception]


def _kept_together(receptions: list[_Reception]) -> list[bool]:
    """Keep deliveries of one channel in one transaction; tell of each whether it was kept.

    All is locked first, as for one. Messages of one chat are decided one behind the other upon one picture, and what
    they change is written once; who shares a name in another way waits for that, and looks at a picture of its own;
    the others go side by side. What fails here fails for all: each is then kept alone, and meets its own failure
    again. A database that says nothing is not asked again.
    """
    try:
        if len(receptions) > 1:
            return _Company(receptions).run()
        receptions[0].run()
    except Exception as error:
        if is_silent(error):
            raise  # whoever waited for the database once need not wait for it again
        say("deliveries are kept one by one", error=True, count=len(receptions), sqlstate=sqlstate(error))
        return [False] * len(receptions)
    return [True]


class _Company:
    """The one transaction of several deliveries."""

    def __init__(self, receptions: list[_Reception]) -> None:
        self.receptions = receptions
        self.tenant_id = receptions[0].gate.tenant_id
        self.outgoing = Outgoing(tenant_id=self.tenant_id)
        self.kept: set[_Reception] = set()
        self.unwritten: list[_Reception] = []  # those whose own rows are still to be written
        self.decided: set[_Reception] = set()  # those that are left out among them

    def run(self) -> list[bool]:
        locks = locking([each.wanted for each in self.receptions])
        unsent = [BEGIN, tenant_scope(self.tenant_id), _IMPATIENT, *locks]
        with connections(settings().database_url).take() as connection:
            while talks := _talks(each for each in self.receptions if each not in self.decided):
                pictures = [picturing([each.wanted for each in talk]) for talk in talks]
                found = pipeline(connection, *unsent, *pictures)[len(unsent) :]
                seen = [(talk, read_picture([rows])) for talk, rows in zip(talks, found, strict=True)]
                ready = _apart((pair, _people(pair[1])) for pair in seen)
                changes = Ledger.joined(self._decide(*pair) for pair in ready).written().statements
                unsent, self.unwritten = [*changes, *_own_rows(self.unwritten)], []
            leaving = self.outgoing.statements()
            commit(connection, *unsent, *leaving, after=self.outgoing.hint())
        return [each in self.kept for each in self.receptions]

    def _decide(self, talk: _Talk, seen: dict[str, Any]) -> Ledger:
        """What changes by those of a talk, each of whom sees what the ones before have changed."""
        scene = Scene(talk[0].gate, seen)
        if len(talk) > 1 and scene.shows_more:
            for each in talk:
                each.subject = each
            return scene.ledger
        for each in talk:
            if scene.is_over:
                break
            self.decided.add(each)
            if not scene.shows_two(each.wanted):
                each.context.run(self._keep, each, scene)
        return scene.ledger

    def _keep(self, reception: _Reception, scene: Scene) -> None:
        reception.judge(scene)
        self.outgoing.collect(scene.ledger.settle())
        self.outgoing.tasks.extend(reception.outgoing.tasks)
        self.kept.add(reception)
        self.unwritten.append(reception)


def _own_rows(receptions: Sequence[_Reception]) -> list[Sql]:
    """What writes down the deliveries of one channel themselves, of which no two are the same."""
    if not receptions:
        return []
    gate = receptions[0].gate
    names = {"tenant_id": gate.tenant_id, "channel_id": gate.channel_id}
    repeated = [each.wanted.delivery_key for each in receptions if each.is_repeated]
    fresh = [each for each in receptions if not each.is_repeated]
    settled = [Sql(_SETTLE, {**names, **each.row()}) for each in fresh if each.again]
    kept = [each.row() for each in fresh if not each.again]
    counted = [Sql(_AGAIN, {**names, "delivery_keys": repeated})] if repeated else []
    return [*counted, *settled, *_KEPT.of(kept, **names, project_id=gate.project_id, provider="waha")]


def _believed(gate: Gate, delivery: Delivery) -> Delivery:
    """The delivery, unless a session of another name would say what the channel's number is."""
    if not isinstance(delivery.content, ConnectionState) or delivery.session in {None, gate.session_name}:
        return delivery
    return replace(delivery, content=replace(delivery.content, phone=None))


def _foreign(gate: Gate, delivery: Delivery) -> Delivery:
    """One of another session, which tells of another number's chats: it is kept, and nothing follows from it."""
    say("a delivery of another session is kept raw", level=WARNING, channel_id=gate.channel_id)
    return replace(delivery, content=None, problem="It is of another number's session than this channel's.")


def _status(delivery: Delivery) -> str:
    return "kept" if delivery.content else "failed" if delivery.problem else "unhandled"


def _harmless(event: str) -> str:
    """An event's name as a log line may quote it."""
    return re.sub(r"[^a-z0-9._-]", "?", event[:60])


def _talks(waiting: Iterable[_Reception]) -> list[_Talk]:
    """Those that share a name with nobody before them but whom they follow in the same talk, by talk."""
    talks: dict[Hashable, _Talk] = {}
    takers: dict[str, Hashable] = {}
    once: set[str] = set()
    for each in waiting:
        names, subject = each.names, each.subject
        if all(takers.get(name, subject) == subject for name in names) and once.isdisjoint(each.wanted.own_names):
            talks.setdefault(subject, []).append(each)
            once |= each.wanted.own_names
        else:
            subject = None
        takers.update(dict.fromkeys(names, subject))
    return list(talks.values())


def _apart(named: Iterable[tuple[T, frozenset[str]]]) -> list[T]:
    """Those that share no name with one before them."""
    taken: set[str] = set()
    apart: list[T] = []
    for each, names in named:
        if taken.isdisjoint(names):
            apart.append(each)
        taken |= names
    return apart


def _people(seen: dict[str, Any]) -> frozenset[str]:
    """The contacts and chats that a picture shows."""
    return frozenset(each["id"] for table in ("contacts", "chats") for each in seen.get(table, ()))
