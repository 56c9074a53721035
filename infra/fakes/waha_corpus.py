"""Half a year of a company's conversations, made up for the fake WAHA to remember; the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from infra.fakes.waha_events import Addressing, Party, Said
from infra.fakes.waha_history import Archive, Kept, KeptChat

DAY = 86_400
KINDS = ("text", "image", "voice", "video", "document", "sticker", "location", "vcard")
KIND_WEIGHTS = (70, 8, 9, 2, 4, 3, 2, 2)
OWN_ACKS, OWN_ACK_WEIGHTS = (3, 2, 1, 4, -1), (70, 15, 8, 5, 2)
GROUPS, HIDDEN = 0.12, 0.25  # shares of the chats: among several, and under a hidden id
# Shares of all messages, or of all rows.
OWN, REPLIES, READ, HIDDEN_ROWS = 0.4, 0.1, 0.7, 0.04
LONG_HOLE, LONG_HOLE_AFTER, LONG_HOLE_IN, LONG_HOLE_EVERY = 120, 5, 3, 25
WORDS = (
    "bolo cenoura chocolate pedido amanhã entrega hoje obrigada pode quanto custa valor reserva mesa horário aberto"
    " domingo confirmo endereço rua número pagamento pix recebi foto ficou lindo parabéns festa crianças kilo salgados"
)


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """How much there is: so many chats with so many messages in all, over the days before `until` (seconds)."""

    until: int
    chats: int = 200
    messages: int = 16_667
    days: int = 170
    seed: int = 1
    first_person: int = 1

    def archive(self, engine: str) -> Archive:
        """What a session of that engine remembers of it."""
        chance = Random(f"{self.seed} {engine}")  # noqa: S311 - made up, but the same each time
        counts = shared_out(self.messages, self.chats, chance)
        chats = [_Writer(self, engine, chance, number).chat(count) for number, count in enumerate(counts)]
        known = (person_of(self.first_person + number) for number in range(0, self.chats, 2))
        return Archive(engine, chats, {person.lid: person.phone for person in known})


def person_of(number: int) -> Party:
    return Party(phone=f"55119{80_000_000 + number}", lid=f"1000000{number:08}", name=f"Pessoa {number}")


def shared_out(total: int, shares: int, chance: Random) -> list[int]:
    """The total in so many parts, most of them small and a few large; none is empty."""
    weights = [chance.paretovariate(1.3) for _ in range(shares)]
    spare = total - shares
    parts = [1 + int(spare * weight / sum(weights)) for weight in weights]
    parts[0] += total - sum(parts)
    return parts


class _Writer:
    """One chat, written from its first message to its last."""

    def __init__(self, corpus: Corpus, engine: str, chance: Random, number: int) -> None:
        self.corpus, self.engine, self.chance, self.number = corpus, engine, chance, number
        self.person = person_of(corpus.first_person + number)
        self.group = f"1203630{number:011}@g.us" if chance.random() < GROUPS else None
        self.hidden = not self.group and chance.random() < HIDDEN
        self.tells_phone_from = chance.choice((0, 0, 1, 3, 1_000_000))  # the so many-th message of a hidden chat
        self.said: list[str] = []

    def chat(self, count: int) -> KeptChat:
        written = [self._kept(at) for at in sorted(self._times(count))]
        name = f"Grupo {self.number}" if self.group else self.person.name
        return KeptChat(id=written[0].said.chat_address, subject=name, rows=list(self._with_holes(written)))

    def _times(self, count: int) -> Iterator[int]:
        """Talks of some messages each, some of them within one second."""
        first, last = self.corpus.until - self.corpus.days * DAY, self.corpus.until
        at, left = self.chance.randint(first, last), 0
        for _ in range(count):
            if left == 0:
                at, left = self.chance.randint(first, last), self.chance.randint(2, 14)
            yield min(at, last)
            at, left = at + self.chance.choice((0, 0, 4, 20, 60, 300, 900)), left - 1

    def _kept(self, at: int) -> Kept:
        from_me = self.chance.random() < OWN
        (kind,) = self.chance.choices(KINDS, KIND_WEIGHTS)
        said = Said(
            kind=kind,
            body=self._body() if kind in {"text", "image", "document"} else None,
            customer=self._customer(),
            group=self.group,
            from_me=from_me,
            message_id=f"3EB0{self.chance.getrandbits(72):018X}",
            timestamp=at,
            reply_to=self.chance.choice(self.said[-20:]) if self.said and self.chance.random() < REPLIES else None,
            addressing=self._addressing(),
        )
        self.said.append(said.message_id)
        return Kept(said=said, ack=self._ack(from_me=from_me))

    def _customer(self) -> Party:
        """Who writes; a group has five."""
        if not self.group:
            return self.person
        member = (self.number + self.chance.randrange(5)) % self.corpus.chats
        return person_of(self.corpus.first_person + member)

    def _addressing(self) -> Addressing:
        if self.group:
            return self.chance.choice((Addressing.PHONE, Addressing.LID_WITH_PHONE))
        if not self.hidden:
            return Addressing.PHONE
        tells = len(self.said) >= self.tells_phone_from
        return Addressing.LID_WITH_PHONE if tells else Addressing.LID

    def _body(self) -> str:
        return " ".join(self.chance.choices(WORDS.split(), k=self.chance.randint(1, 14)))

    def _ack(self, *, from_me: bool) -> int:
        if not from_me:
            return 3 if self.chance.random() < READ else 2
        (ack,) = self.chance.choices(OWN_ACKS, OWN_ACK_WEIGHTS)
        return ack

    def _with_holes(self, written: list[Kept]) -> Iterator[Kept | None]:
        """Rows that are never shown stand between: few, and once in a while more than a page holds."""
        for number, kept in enumerate(written):
            yield kept
            if self.chance.random() < HIDDEN_ROWS:
                yield None
            if number == LONG_HOLE_AFTER and self.number % LONG_HOLE_EVERY == LONG_HOLE_IN:
                yield from [None] * LONG_HOLE
