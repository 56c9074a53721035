"""Hidden ids whose phone becomes known late: it is asked for, and what was two contacts becomes one."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.crm.channels.connection import open_waha
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.inbound.gate import gate_of
from shared.crm.inbound.merge import merge_all
from shared.crm.inbound.picture import About, Wanted
from shared.crm.inbound.scene import Scene
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.inbound import Person
from shared.providers.waha.client import NotNow, Unreachable, WahaError
from shared.providers.waha.ids import identity
from shared.runtime.consume import Transactions
from shared.runtime.postgres import sql
from shared.runtime.retry import retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

# After each time nothing was learnt; whoever is not known after two weeks is not asked for any more.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 60, 360, *[1440] * 13))
_LOOKUP = """
select row_to_json(l) from lid_lookups l where tenant_id = :tenant_id and id = :id for update
"""
_IS_KNOWN = """
select 1 from contact_identities where tenant_id = :tenant_id and contact_id = :contact_id and kind = 'phone' limit 1
"""
_AGAIN = """
update lid_lookups set attempts = :attempts, next_at = :next_at where tenant_id = :tenant_id and id = :id
"""
_OVER = "delete from lid_lookups where tenant_id = :tenant_id and id = :id"


@dataclass(frozen=True, kw_only=True)
class _Question:
    """All that asking needs, so that no transaction is open meanwhile."""

    lookup_id: UUID
    channel: Channel
    lid: str
    attempts: int


def look_up(transactions: Transactions, lookup_id: UUID) -> None:
    """Ask for the phone behind a hidden id, if it is still to be asked for. Called again it does nothing."""
    question = retried(lambda: _claim(transactions, lookup_id))
    if question is None:
        return
    answer = _ask(question)
    if isinstance(answer, Identity):
        retried(lambda: _record(transactions, question, answer))
    elif isinstance(answer, Unreachable | NotNow):
        retried(lambda: _take_back(transactions, question))


def _claim(transactions: Transactions, lookup_id: UUID) -> _Question | None:
    with transactions.begin() as uow:
        row = _row(uow, lookup_id)
        if row is None or row["next_at"] is None or datetime.fromisoformat(row["next_at"]) > uow.now:
            return None
        names = {"tenant_id": uow.tenant_id, "id": lookup_id}
        channel = Channels(uow).get(UUID(row["channel_id"]))
        known = uow.run(sql(_IS_KNOWN, tenant_id=uow.tenant_id, contact_id=row["contact_id"]))[0]
        if known or channel.deleted_at:
            uow.run(sql(_OVER, **names))
            uow.commit()
            return None
        is_open = channel.status is ChannelStatus.ACTIVE
        attempts = row["attempts"] + is_open
        next_at = _after(attempts, uow.now) if is_open else _unasked(row, uow.now)
        uow.run(sql(_AGAIN, **names, attempts=attempts, next_at=next_at))
        uow.commit()
    return _Question(lookup_id=lookup_id, channel=channel, lid=row["lid"], attempts=attempts) if is_open else None


def _row(uow: UnitOfWork, lookup_id: UUID) -> dict[str, Any] | None:
    rows = uow.run(sql(_LOOKUP, tenant_id=uow.tenant_id, id=lookup_id))[0]
    return json.loads(rows[0][0] or "null") if rows else None


def _after(attempts: int, now: datetime) -> datetime | None:
    return now + PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def _unasked(row: dict[str, Any], now: datetime) -> datetime:
    """When to try again what nobody could be asked: the older it is, the later, but within a day."""
    age = now - datetime.fromisoformat(row["created_at"])
    return now + min(max(age / 4, PAUSES[0]), PAUSES[-1])


def _take_back(transactions: Transactions, question: _Question) -> None:
    """Let an attempt not count: the server was not there to be asked."""
    with transactions.begin() as uow:
        row = _row(uow, question.lookup_id)
        if row is None or row["attempts"] != question.attempts:
            return
        names = {"tenant_id": uow.tenant_id, "id": question.lookup_id}
        uow.run(sql(_AGAIN, **names, attempts=question.attempts - 1, next_at=_unasked(row, uow.now)))
        uow.commit()


def _ask(question: _Question) -> Identity | WahaError | None:
    try:
        with open_waha(question.channel) as waha:
            known = identity(waha.phone_behind(question.lid))
    except WahaError as error:
        say("a hidden id was not looked up", outcome=type(error).__name__, lookup_id=question.lookup_id)
        return error
    return known if known and known.kind is IdentityKind.PHONE else None


def _record(transactions: Transactions, question: _Question, phone: Identity) -> None:
    hidden = Identity(kind=IdentityKind.LID, value=question.lid)
    with transactions.begin() as uow:
        make_one(uow, question.channel, Person(identities=(phone, hidden)))
        uow.run(sql(_OVER, tenant_id=uow.tenant_id, id=question.lookup_id))
        uow.commit()


def make_one(uow: UnitOfWork, channel: Channel, person: Person) -> None:
    """Let whoever is known by any of these names be one contact, with one chat on each channel, known by all of them.

    Nobody is made a contact. It is to be done before anything else is locked.
    """
    gate = gate_of(channel)
    wanted = Wanted(
        tenant_id=gate.tenant_id,
        project_id=gate.project_id,
        channel_id=gate.channel_id,
        delivery_key="",
        about=About.PERSON,
        people=(person,),
        is_individual=True,
    )
    merged, seen = merge_all(uow.run, wanted)
    scene = Scene(gate, seen)
    if scene.people.known(person):
        scene.people.contact(person)
    batch = scene.ledger.write()
    if batch.statements:
        uow.run(*batch.statements)
    uow.outgoing.collect([*merged, *batch.aggregates])
