"""What follows upon messages: receipts, edits, revocations, reactions; and the connection's state."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from shared.crm.channels.model import SHOWS_CODE
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.scene import Scene
from shared.crm.messages.following import Follower, Reactions, Sequel, SequelKind, read_reactions
from shared.crm.messages.model import LEVELS, Direction, Message
from shared.crm.messages.waiting import wait
from shared.kernel.inbound import ChatKind, ConnectionState, Edit, Person, Reaction, Receipt, Revocation

SENT = 1
Following = Receipt | Edit | Revocation | Reaction


def take_following(scene: Scene, told: Following) -> None:
    """Apply it to the messages it is about, or let it wait for them. Whose they are, our own rows say."""
    progress = _Progress(scene)
    match told:
        case Receipt():
            progress.receipt(told)
        case Edit():
            progress.change(told.external_id, SequelKind.EDIT, told.at, key=told.stamp, value=told.text)
        case Revocation():
            progress.change(told.external_id, SequelKind.REVOCATION, told.at)
        case Reaction():
            progress.reaction(told)


def follow(ledger: Ledger, message: Message, sequels: Iterable[Sequel], known: Reactions) -> None:
    """Apply sequels to a message; `known` are the latest reactions to it."""
    follower = Follower(message, known)
    for sequel in sequels:
        follower.take(sequel)
    ledger.afterwards.extend(follower.statements)


class _Progress:
    """One delivery and the messages it speaks of."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.ledger = scene.ledger
        loaded = self.ledger.load_all("messages", Message, scene.seen["messages"])
        self.messages = {message.external_id: message for message in loaded}

    def receipt(self, told: Receipt) -> None:
        if told.level not in LEVELS:
            return
        for external_id in told.external_ids:
            message = self.messages.get(external_id)
            # Who is told of a message that is not ours has no say in it.
            is_theirs = message.direction is Direction.INBOUND if message else told.from_me is False
            reader_id = None if is_theirs else self._reader_id(told)
            self._take(external_id, SequelKind.RECEIPT, told.at, contact_id=reader_id, key=str(told.level))

    def change(
        self, external_id: str, kind: SequelKind, at: datetime | None, *, key: str = "", value: str | None = None
    ) -> None:
        self._take(external_id, kind, at, contact_id=None, key=key, value=value)

    def reaction(self, told: Reaction) -> None:
        reactor_id = self._contact_id(told.person)
        kind = SequelKind(told.kind.value)
        self._take(told.external_id, kind, told.at, contact_id=reactor_id, key=told.stamp, value=told.value)

    def _take(self, external_id: str, kind: SequelKind, at: datetime | None, **facts: Any) -> None:
        happened = self.scene.moment(at) if kind is not SequelKind.RECEIPT else at or self.scene.now
        sequel = Sequel(kind=kind, at=happened, **{"value": None, **facts})
        message = self.messages.get(external_id)
        if message is None or message.is_placeholder:
            gate = self.scene.gate
            waiting = wait(gate.tenant_id, gate.project_id, gate.channel_id, external_id, sequel)
            self.ledger.afterwards.append(waiting)
        else:
            follow(self.ledger, message, [sequel], self._known_reactions)

    @cached_property
    def _known_reactions(self) -> Reactions:
        return read_reactions(self.scene.seen["reactions"])

    def _reader_id(self, told: Receipt) -> UUID | None:
        """Who in a group received or read it."""
        if told.chat_kind is not ChatKind.GROUP or told.level < SENT:
            return None
        return self._contact_id(told.participant)

    def _contact_id(self, person: Person | None) -> UUID | None:
        if person is None:
            return None
        contact = self.scene.people.contact(person)
        return contact.id if contact else None


def take_state(scene: Scene, told: ConnectionState) -> None:
    """Take the provider's word for the connection."""
    state, at = told.status.lower()[:40], scene.moment(told.at)
    if state == SHOWS_CODE:
        scene.channel.shows_code(at)
    scene.channel.connection_is(state, at, told.phone.value if told.phone else None)
