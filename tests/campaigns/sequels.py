"""What follows upon the messages of a busy shop, and what is told beside them."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from infra.fakes.waha_changes import make_answer, make_edit, make_reaction, make_revocation, make_vote
from infra.fakes.waha_events import Addressing, Party, make_event, make_status
from infra.fakes.waha_signs import (
    make_archive,
    make_call,
    make_chat_label,
    make_group,
    make_label,
    make_participants,
    make_presence,
)

Event = dict[str, Any]
Facts = dict[str, Any]
EMOJIS = ("👍", "❤️", "😂", "")
OPTIONS = ("Bolo", "Torta", "Pão")
LABELS = ("5", "6", "7")
UNHANDLED = ("engine.event", "something.new")


def follow(engine: str, facts: Facts, where: Callable[[], Facts], chance: Random) -> Iterator[tuple[int, Event]]:
    """What follows upon a message said with these `facts`, each with how many seconds later; `where` says by whom."""
    edited = facts["message_id"]
    ours = {"from_me": facts["from_me"]}
    for number in range(chance.choice((0, 0, 0, 1, 2))):
        told = {**where(), **ours, "timestamp": facts["timestamp"] + 60 * number + chance.randrange(60)}
        yield 1, make_edit(engine, edited, f"corrigido {chance.randrange(1000)}", **told)
    if chance.random() < 0.08:
        yield 1, make_revocation(engine, edited, **{**where(), **ours, "timestamp": facts["timestamp"] + 90})
    for _ in range(chance.choice((0, 0, 1, 2))):
        yield 1, _reaction(engine, facts, where(), chance)
    if chance.random() < 0.1:
        yield 1, _choice(engine, facts, where(), chance)


def _when(facts: Facts, chance: Random) -> Facts:
    return {"timestamp": facts["timestamp"] + chance.randrange(300)}


def _reaction(engine: str, facts: Facts, where: Facts, chance: Random) -> Event:
    told = {**where, **_when(facts, chance), "from_me": chance.random() < 0.3}
    return make_reaction(engine, facts["message_id"], chance.choice(EMOJIS), theirs=not facts["from_me"], **told)


def _choice(engine: str, facts: Facts, where: Facts, chance: Random) -> Event:
    told = {**where, **_when(facts, chance)}
    if engine == "GOWS" and chance.random() < 0.5:
        answer = chance.choice(("GOING", "NOT_GOING", "MAYBE", None))
        return make_answer(engine, facts["message_id"], answer, guests=chance.randrange(3), **told)
    chosen = chance.sample(OPTIONS, chance.randrange(len(OPTIONS)))
    return make_vote(engine, facts["message_id"], chosen, failed=chance.random() < 0.2, **told)


def placeholder(event: Event) -> Event:
    """The announcement of a message that cannot be read yet."""
    bare = {"body": "", "hasMedia": False, "media": None, "location": None, "vCards": [], "replyTo": None}
    return {**event, "id": f"{event['id']}w", "event": "message.waiting", "payload": {**event["payload"], **bare}}


def aside(engine: str, at: int, people: list[Party], group: str | None, chance: Random) -> Event:
    """Something beside the messages: of the connection, a group, a person, a chat; or an event nobody handles."""
    kinds = (_of_connection, _of_person, _of_chat, _of_nothing, _of_call)
    kind = _of_group if group and chance.random() < 0.7 else chance.choice(kinds)
    return kind(engine, at, people, group or "", chance)


def _of_connection(engine: str, at: int, _people: list[Party], _group: str, chance: Random) -> Event:
    state = chance.choice(("WORKING", "STARTING", "FAILED"))
    return make_status(engine, state, at=at * 1000 + chance.randrange(1000))


def _of_group(engine: str, at: int, people: list[Party], group: str, chance: Random) -> Event:
    doing = chance.choice(("join", "leave", "promote", "demote", "update", "list", "ours"))
    addressing = chance.choice(list(Addressing))
    if doing == "list":
        members = dict.fromkeys(chance.sample(people, 3), chance.choice(("participant", "admin")))
        about = {"subject": f"Grupo {chance.randrange(9)}", "description": f"Descrição {chance.randrange(9)}"}
        return make_group(engine, "join", group, about=about, members=members, at=at, addressing=addressing)
    if doing == "update":
        return make_group(engine, "update", group, about={"subject": f"Grupo {chance.randrange(9)}"}, at=at)
    if doing == "ours":
        return make_group(engine, chance.choice(("join", "leave")), group, at=at)
    return make_participants(engine, doing, group, chance.sample(people, 2), at=at, addressing=addressing)


def _of_person(engine: str, at: int, people: list[Party], group: str, chance: Random) -> Event:
    party, addressing = chance.choice(people), chance.choice(list(Addressing))
    if chance.random() < 0.2:
        event = make_event(engine, "text", body="x", customer=party, timestamp=at)
        return {**event, "event": "contact.changed", "payload": {"id": party.phone_address, "pushName": party.name}}
    state = chance.choice(("online", "offline", "typing", "paused"))
    return make_presence(engine, state, party=party, chat=group, at=at, addressing=addressing)


def _of_call(engine: str, at: int, people: list[Party], _group: str, chance: Random) -> Event:
    stage, addressing = chance.choice(("received", "accepted", "rejected")), chance.choice(list(Addressing))
    party = chance.choice(people)
    call = f"CALL{party.phone[-2:]}{chance.randrange(2)}"
    return make_call(engine, stage, caller=party, call=call, at=at, addressing=addressing)


def _of_chat(engine: str, at: int, people: list[Party], _group: str, chance: Random) -> Event:
    party, addressing = chance.choice(people), chance.choice((Addressing.PHONE, Addressing.LID))
    chat, label = party.address(addressing), chance.choice(LABELS)
    if engine == "WEBJS":
        return make_archive(chat, archived=chance.random() < 0.5, at=at)
    if chance.random() < 0.4:
        return make_label(engine, chance.choice(("upsert", "upsert", "deleted")), label, f"Etiqueta {at % 7}", at=at)
    return make_chat_label(engine, chance.choice(("added", "deleted")), label, chat, at=at)


def _of_nothing(engine: str, at: int, people: list[Party], _group: str, chance: Random) -> Event:
    event = make_event(engine, "text", body="x", customer=people[0], timestamp=at)
    return {**event, "event": chance.choice(UNHANDLED)}
