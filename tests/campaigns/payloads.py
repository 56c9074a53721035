"""One delivery of every kind, each with what happened before it."""

from dataclasses import dataclass
from typing import Any

from infra.fakes.waha_changes import make_answer, make_edit, make_reaction, make_revocation, make_vote
from infra.fakes.waha_events import Addressing, Party, make_ack, make_event, make_status
from infra.fakes.waha_signs import (
    make_archive,
    make_call,
    make_chat_label,
    make_group,
    make_label,
    make_participants,
    make_presence,
)
from tests.campaigns.sequels import placeholder

ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")
BIA = Party(phone="5511987650002", lid="100000000000002", name="Bia")
GROUP = "120363000000000001@g.us"
Event = dict[str, Any]


@dataclass(frozen=True)
class Payload:
    """What happened before, and the delivery during which the process is killed."""

    before: tuple[Event, ...]
    event: Event


@dataclass(frozen=True)
class Teller:
    """Tells as an engine does; times are seconds after `since`."""

    engine: str
    since: int

    def said(self, body: str, kind: str = "text", after: int = 0, **facts: Any) -> Event:
        told = {"customer": ANA, "timestamp": self.since + after, "message_id": f"3EB0{len(body):04}{after:012}"}
        return make_event(self.engine, kind, body=body, **{**told, **facts})

    def about(self, message: Event, after: int) -> tuple[str, dict[str, Any]]:
        """The bare id of a message, and what is common to all that follows upon it."""
        return message["payload"]["id"].split("_")[2], {"customer": ANA, "timestamp": self.since + after}


def payloads(engine: str, since: int) -> dict[str, Payload]:
    """One of each kind; `since` in seconds."""
    teller = Teller(engine, since)
    return {**_messages(teller), **_sequels(teller), **_groups(teller), **_others(teller)}


def _messages(teller: Teller) -> dict[str, Payload]:
    said = teller.said
    ours = said("Já vejo", after=60, from_me=True)
    first, third = said("um"), said("três", after=2 * 86_400)
    hidden, known = said("um", addressing=Addressing.LID), said("dois", after=60)
    return {
        "text": Payload((), said("Oi")),
        "media": Payload((first,), said("olha", "image", after=60)),
        "group": Payload((), said("Bom dia", group=GROUP)),
        "own": Payload((first,), ours),
        "reply": Payload((first,), said("sim", after=60, reply_to="3EB0NOTYET")),
        "between two sessions": Payload((first, third), said("dois", after=86_400)),
        "two who are one": Payload((hidden, known), said("três", after=120, addressing=Addressing.LID_WITH_PHONE)),
        "placeholder": Payload((), placeholder(first)),
        "placeholder filled": Payload((placeholder(first),), first),
    }


def _sequels(teller: Teller) -> dict[str, Payload]:
    engine, first, ours = teller.engine, teller.said("um"), teller.said("Já vejo", after=60, from_me=True)
    read = make_ack(engine, 3, customer=ANA, message_id=ours["payload"]["id"].split("_")[2])
    theirs, told = teller.about(first, 90)
    mine, later = teller.about(ours, 120)
    edit, revocation = make_edit(engine, theirs, "um!", **told), make_revocation(engine, theirs, **told)
    reaction = make_reaction(engine, theirs, "👍", theirs=True, **told)
    vote = make_vote(engine, mine, ["Bolo"], **later)
    return {
        "ack": Payload((first, ours), read),
        "early ack": Payload((first,), read),
        "edit": Payload((first,), edit),
        "early edit": Payload((), edit),
        "edited before it came": Payload((edit, revocation, reaction), first),
        "revocation": Payload((first,), revocation),
        "reaction": Payload((first,), reaction),
        "reaction taken back": Payload((first, reaction), make_reaction(engine, theirs, "", theirs=True, **later)),
        "vote": Payload((first, ours), vote),
        "answer": Payload((first, ours), make_answer(engine, mine, "GOING", **later)),
    }


def _groups(teller: Teller) -> dict[str, Payload]:
    engine, since = teller.engine, teller.since
    about, members = {"subject": "Obra"}, {ANA: "admin", BIA: "participant"}
    joined = make_group(engine, "join", GROUP, about=about, members=members, at=since)
    renamed = make_group(engine, "update", GROUP, about={"subject": "Sede"}, at=since + 9)
    return {
        "group joined": Payload((), joined),
        "group renamed": Payload((joined,), renamed),
        "group left": Payload((joined,), make_group(engine, "leave", GROUP, at=since + 9)),
        "members": Payload((joined,), make_participants(engine, "leave", GROUP, [BIA], at=since + 9)),
    }


def _others(teller: Teller) -> dict[str, Payload]:
    engine, since, first = teller.engine, teller.since, teller.said("um")
    call = make_call(engine, "received", caller=ANA, call="CALL1", at=since)
    put = make_chat_label(engine, "added", "6", ANA.phone_address, at=since)
    labelled, name = (put, first), {**first, "id": "evt_name", "event": "contact.changed"}
    return {
        "call": Payload((), call),
        "call refused": Payload((first, call), make_call(engine, "rejected", caller=ANA, call="CALL1", at=since + 9)),
        "caller who writes": Payload((call,), first),
        "presence": Payload((first,), make_presence(engine, "online", party=ANA, at=since)),
        "archive": Payload((first,), make_archive(ANA.phone_address, archived=True, at=since)),
        "label": Payload((), make_label(engine, "upsert", "6", "Cliente", at=since)),
        "chat label": Payload((first,), put),
        "chat that was labelled": Payload(labelled[:1], first),
        "name": Payload((first,), {**name, "payload": {"id": ANA.phone_address, "pushName": "Ana"}}),
        "state": Payload((), make_status(engine, "WORKING", at=since * 1000)),
        "unforeseen": Payload((), {**first, "event": "something.new"}),
    }
