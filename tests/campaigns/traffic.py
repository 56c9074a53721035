"""Some weeks of a busy shop on three engines, as a campaign delivers them: made up, but the same at every run."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from infra.fakes.waha_events import Addressing, Party, make_ack, make_event
from tests.campaigns.sequels import aside, follow, placeholder

ENGINES = ("GOWS", "NOWEB", "WEBJS")
TIMEOUT_MINUTES = 60
PEOPLE = [Party(phone=f"55119{8_000_000 + n}", lid=f"10000000000{n:04}", name=f"Pessoa {n}") for n in range(1, 21)]
GROUPS = ("120363000000000001@g.us", "120363000000000002@g.us")
STATUS = "status@broadcast"
KINDS = ("text", "image", "voice", "video", "document", "sticker", "location", "vcard")
KIND_WEIGHTS = (60, 8, 10, 3, 5, 5, 4, 3)
ADDRESSINGS = (Addressing.PHONE, Addressing.LID, Addressing.LID_WITH_PHONE)
# Minutes between two messages of a chat: mostly a talk, sometimes exactly the timeout, sometimes beyond it.
PAUSES = (1, 5, 20, TIMEOUT_MINUTES, TIMEOUT_MINUTES + 1, 200)
PAUSE_WEIGHTS = (50, 20, 12, 5, 5, 8)

IN_GROUPS = 8  # times as often as elsewhere something happens beside what is said


@dataclass(frozen=True)
class Posted:
    """One event as a WAHA server posts it, and when, in seconds, it happened."""

    engine: str
    event: dict[str, Any]
    at: int

    @property
    def message_key(self) -> tuple[str, str] | None:
        """The engine and the bare id of a message that this event carries."""
        if self.event["event"] not in {"message", "message.any"}:
            return None
        return self.engine, self.event["payload"]["id"].split("_")[2]


@dataclass
class Talk:
    """One chat on one engine; `said` are the ids of what was said in it."""

    engine: str
    chance: Random
    at: int
    people: list[Party]
    group: str | None = None
    chat: str | None = None
    said: list[str] = field(default_factory=list)

    def goes_on(self) -> Iterator[Posted]:
        """The next message, and what follows from it."""
        self.at += 60 * self.chance.choices(PAUSES, PAUSE_WEIGHTS)[0]
        from_me = self.chance.random() < 0.25
        facts = {**self._where(), "from_me": from_me, "timestamp": self.at, "message_id": self._new_id()}
        yield from self._message(facts)
        yield from self._acks(facts)
        if self.chat is None:
            yield from self._sequels(facts)
        self.said.append(facts["message_id"])

    def _where(self) -> dict[str, Any]:
        return {
            "customer": self.chance.choice(self.people),
            "group": self.group,
            "chat": self.chat,
            "addressing": self.chance.choice(ADDRESSINGS),
        }

    def _new_id(self) -> str:
        return f"3EB0{self.chance.getrandbits(72):018X}"

    def _message(self, facts: dict[str, Any]) -> Iterator[Posted]:
        (kind,) = self.chance.choices(KINDS, KIND_WEIGHTS)
        quoted = self.chance.choice(self.said) if self.said and self.chance.random() < 0.15 else None
        body = f"{kind} {facts['message_id'][-4:]}" if kind in {"text", "image", "document"} else None
        event = make_event(self.engine, kind, body=body, reply_to=quoted, **facts)
        if not facts["from_me"] and self.chance.random() < 0.1:
            yield Posted(self.engine, placeholder(event), self.at)
        yield Posted(self.engine, event, self.at)
        if self.chance.random() < 0.3:
            yield Posted(self.engine, {**event, "event": "message"}, self.at)

    def _acks(self, facts: dict[str, Any]) -> Iterator[Posted]:
        if facts["from_me"]:
            levels = self.chance.sample([-1, 1, 2, 3, 4], self.chance.randrange(4))
        else:
            levels = [3] if self.chance.random() < 0.2 else []
        for level in levels:
            self.at += 1
            where = {**self._where(), "from_me": facts["from_me"], "message_id": facts["message_id"]}
            reader = where["customer"] if self.group else None
            event = make_ack(self.engine, level, reader=reader, timestamp=self.at, **where)
            yield Posted(self.engine, {**event, "timestamp": self.at * 1000}, self.at)

    def _sequels(self, facts: dict[str, Any]) -> Iterator[Posted]:
        for later, event in follow(self.engine, facts, self._where, self.chance):
            self.at += later
            yield Posted(self.engine, event, self.at)


def make_traffic(count: int, since: int, seed: int = 2, engines: tuple[str, ...] = ENGINES) -> list[Posted]:
    """So many events, in the order in which they happened, in some 14 chats of each engine; `since` in seconds."""
    chance = Random(seed)
    talks = [talk for engine in engines for talk in _talks(engine, chance, since)]
    posted: list[Posted] = []
    while len(posted) < count:
        talk = chance.choice(talks)
        posted.extend(talk.goes_on())
        for _ in range(IN_GROUPS if talk.group else 1):
            if chance.random() < 0.25:
                event = aside(talk.engine, talk.at, talk.people, talk.group, chance)
                posted.append(Posted(talk.engine, event, talk.at))
    numbered = [replace(each, event={**each.event, "id": f"evt_{n:026}"}) for n, each in enumerate(posted[:count])]
    return sorted(numbered, key=lambda each: each.at)


def _talks(engine: str, chance: Random, since: int) -> Iterator[Talk]:
    for person in chance.sample(PEOPLE, 11):
        yield Talk(engine, chance, since + chance.randrange(86_400), [person])
    for group in GROUPS:
        yield Talk(engine, chance, since, chance.sample(PEOPLE, 5), group=group)
    yield Talk(engine, chance, since, [PEOPLE[0]], chat=STATUS)
