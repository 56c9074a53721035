"""Signs of life: calls, presence, and the names people go by. They make nobody a contact."""

from typing import Any

from shared.crm.calls.model import Call
from shared.crm.contacts.model import Contact
from shared.crm.inbound.scene import Scene
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


def take_call(scene: Scene, told: ToldCall) -> None:
    """Keep the call, or how far it has come."""
    gate, ledger = scene.gate, scene.ledger
    contact = _known(scene, told.person)
    contact_id = contact.id if contact else None
    if scene.seen["calls"]:
        call = ledger.load("calls", Call, scene.seen["calls"][0])
    else:
        names = {"tenant_id": gate.tenant_id, "project_id": gate.project_id, "channel_id": gate.channel_id}
        call = ledger.add("calls", Call.heard_of(told, contact_id=contact_id, **names))
    call.is_of(told, contact_id)
    call.reaches(told.stage, scene.moment(told.at))


def take_presence(scene: Scene, told: Presence) -> None:
    """Keep how people are seen by now; of contacts, tell when they come online or go."""
    gate, people = scene.gate, scene.people
    for person, state, last_seen_at in told.people:
        contact = people.known(person)
        before = _latest(scene.seen, person)
        if contact and told.stamp > before.get("stamp", ""):
            contact.seen(was_online=_is_online(before), is_online=state is not PresenceState.OFFLINE)
        for identity in person.identities:
            scene.ledger.last(
                _SEEN,
                tenant_id=gate.tenant_id,
                project_id=gate.project_id,
                kind=identity.kind,
                issuer=identity.issuer,
                value=identity.value,
                state=state,
                last_seen_at=last_seen_at,
                at=scene.moment(told.at),
                stamp=told.stamp,
            )


def take_introduction(scene: Scene, told: Introduction) -> None:
    """Call somebody by the name they go by, unless we already call them something."""
    contact = _known(scene, told.person)
    if contact:
        contact.introduce(told.person.name)


def _known(scene: Scene, person: Person | None) -> Contact | None:
    """The contact, if there is one; learns by what else they are known."""
    return scene.people.contact(person) if person and scene.people.known(person) else None


def _latest(seen: dict[str, Any], person: Person) -> dict[str, Any]:
    """How they were last seen, by any of their names."""
    names = {(each.kind, each.issuer, each.value) for each in person.identities}
    ours = [row for row in seen["presences"] if (row["kind"], row["issuer"], row["value"]) in names]
    return max(ours, key=lambda row: str(row["stamp"]), default={})


def _is_online(before: dict[str, Any]) -> bool | None:
    """None: they were never seen."""
    return before["state"] != PresenceState.OFFLINE if before else None
