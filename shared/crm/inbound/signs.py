"""Signs of life: calls, presence, and the names people go by. They make nobody a contact."""

from datetime import datetime
from typing import Any

from shared.crm.calls.model import Call
from shared.crm.contacts.model import Contact
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.people import People
from shared.crm.inbound.picture import Wanted
from shared.kernel.inbound import Call as ToldCall
from shared.kernel.inbound import Introduction, Person, Presence, PresenceState

_SEEN = """
insert into presences as known (tenant_id, project_id, kind, issuer, value, state, last_seen_at, at, stamp)
values (:tenant_id, :project_id, :kind, :issuer, :value, :state, :last_seen_at, :at, :stamp)
on conflict (tenant_id, project_id, kind, issuer, value) do update set
    state = case when known.stamp < excluded.stamp then excluded.state else known.state end,
    at = case when known.stamp < excluded.stamp then excluded.at else known.at end,
    stamp = greatest(known.stamp, excluded.stamp),
    -- Not every event says it: the latest that was said counts, whichever came last.
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
    expires_at = now() + interval '30 days'
"""


def take_call(gate: Gate, wanted: Wanted, told: ToldCall, seen: dict[str, Any]) -> Ledger:
    """Keep the call, or how far it has come."""
    ledger, now = Ledger(), datetime.fromisoformat(seen["now"])
    contact = _known(gate, wanted, ledger, seen, told.person)
    contact_id = contact.id if contact else None
    if seen["calls"]:
        call = ledger.load("calls", Call, seen["calls"][0])
    else:
        names = {"tenant_id": gate.tenant_id, "project_id": gate.project_id, "channel_id": gate.channel_id}
        call = ledger.add("calls", Call.heard_of(told, contact_id=contact_id, **names))
    call.is_of(told, contact_id)
    call.reaches(told.stage, min(told.at or now, now))
    return ledger


def take_presence(gate: Gate, wanted: Wanted, told: Presence, seen: dict[str, Any]) -> Ledger:
    """Keep how people are seen by now; of contacts, tell when they come online or go."""
    ledger, now = Ledger(), datetime.fromisoformat(seen["now"])
    people = People(gate, wanted, ledger, seen)
    for person, state, last_seen_at in told.people:
        contact = people.known(person)
        before = _latest(seen, person)
        if contact and told.stamp > before.get("stamp", ""):
            contact.seen(was_online=_is_online(before), is_online=state is not PresenceState.OFFLINE)
        for identity in person.identities:
            ledger.last(
                _SEEN,
                tenant_id=gate.tenant_id,
                project_id=gate.project_id,
                kind=identity.kind,
                issuer=identity.issuer,
                value=identity.value,
                state=state,
                last_seen_at=last_seen_at,
                at=min(told.at or now, now),
                stamp=told.stamp,
            )
    return ledger


def take_introduction(gate: Gate, wanted: Wanted, told: Introduction, seen: dict[str, Any]) -> Ledger:
    """Call somebody by the name they go by, unless we already call them something."""
    ledger = Ledger()
    contact = _known(gate, wanted, ledger, seen, told.person)
    if contact:
        contact.introduce(told.person.name)
    return ledger


def _known(gate: Gate, wanted: Wanted, ledger: Ledger, seen: dict[str, Any], person: Person | None) -> Contact | None:
    """The contact, if there is one; learns by what else they are known."""
    people = People(gate, wanted, ledger, seen)
    return people.contact(person) if person and people.known(person) else None


def _latest(seen: dict[str, Any], person: Person) -> dict[str, Any]:
    """How they were last seen, by any of their names."""
    names = {(each.kind, each.issuer, each.value) for each in person.identities}
    ours = [row for row in seen["presences"] if (row["kind"], row["issuer"], row["value"]) in names]
    return max(ours, key=lambda row: str(row["stamp"]), default={})


def _is_online(before: dict[str, Any]) -> bool | None:
    """None: they were never seen."""
    return before["state"] != PresenceState.OFFLINE if before else None
