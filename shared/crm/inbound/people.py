"""Who wrote, and where: the contact, the chat and the people in it, found or made."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from shared.crm.calls.store import BELONGS
from shared.crm.chats.members import Members
from shared.crm.chats.model import Chat
from shared.crm.chats.waiting import TAKEN, settle
from shared.crm.contacts.model import Contact, ContactSource, with_variants
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.picture import owners_of
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatKind, InboundMessage, Person


class People:
    """Resolves a delivery's person and chat against what was read; what is new goes into the ledger."""

    def __init__(self, gate: Gate, ledger: Ledger, seen: dict[str, Any]) -> None:
        self.gate = gate
        self.ledger = ledger
        self.contacts = ledger.load_all("contacts", Contact, seen["contacts"])
        self.chats = ledger.load_all("chats", Chat, seen["chats"])
        self.owners = owners_of(seen)
        self.addresses = {address: UUID(chat_id) for address, chat_id in seen.get("addresses", {}).items()}
        self.seen = seen
        self._members: dict[UUID, Members] = {}

    @property
    def at_home(self) -> set[UUID]:
        """The contacts whose chats these are."""
        return {chat.contact_id for chat in self.chats if chat.contact_id}

    def contact(self, person: Person | None, *, supposed: UUID | None = None) -> Contact | None:
        """The contact who is that person; None when nothing says who it is. `supposed` is who it is if not known."""
        if person is None or not person.identities:
            return None
        others = (each for each in self.contacts if each.id == supposed)
        contact = self.known(person) or next(others, None) or self._new_contact(person)
        contact.introduce(person.name)
        self._link(contact, person)
        return contact

    def known(self, person: Person) -> Contact | None:
        """The contact who is known by any name of that person."""
        found = {self.owners.get(_key(each)) for each in self._spellings(person.identities)}
        return next((contact for contact in self.contacts if contact.id in found), None)

    def chat(self, told: InboundMessage, contact: Contact | None) -> Chat:
        """The chat that the message belongs to, known from now on by all its addresses."""
        owner = contact.id if contact and told.chat_kind is ChatKind.INDIVIDUAL else None
        return self.chat_at(told.chat_address, told.chat_kind, told.chat_addresses, owner)

    def owner(self, chat: Chat) -> Contact | None:
        """The contact whose chat it is."""
        return next((contact for contact in self.contacts if contact.id == chat.contact_id), None)

    def chat_at(self, address: str, kind: ChatKind, addresses: Sequence[str] = (), owner: UUID | None = None) -> Chat:
        """The chat at an address, found or opened, and known by all these addresses from now on.

        Of somebody who was parted from another there may be two: it is the one that the address leads to.
        """
        there = next((chat for chat in self.chats if chat.id == self.addresses.get(address)), None)
        chat = there or (self.chats[0] if self.chats else self._new_chat(kind, owner))
        self._find_under(chat, addresses or [address])
        return chat

    def recognise(self, told: InboundMessage) -> None:
        """Learn more names of whom we know, from a message that is here already; it makes nobody."""
        person = told.customer or told.sender
        if person and self.known(person):
            self.contact(person)
        if self.chats:
            self._find_under(self.chats[0], told.chat_addresses)

    def _find_under(self, chat: Chat, addresses: Iterable[str]) -> None:
        """Let it be found at these addresses, and have what waited for it there."""
        new = [address for address in addresses if address not in self.addresses]
        self.addresses.update(dict.fromkeys(new, chat.id))
        for address in new:
            self._row("chat_addresses", channel_id=chat.channel_id, address=address, chat_id=chat.id)
        early = [row for row in self.seen["early"] if row["external_id"] in new]
        if early:
            self.ledger.afterwards.extend(settle(chat, early, self.seen["chat_labels"]))
            self.ledger.last(TAKEN, tenant_id=chat.tenant_id, channel_id=chat.channel_id, addresses=new)

    def takes_part(self, chat: Chat, contact: Contact, stamp: str) -> None:
        """Remember who speaks in a group."""
        if chat.kind is ChatKind.GROUP:
            if chat.id not in self._members:
                self._members[chat.id] = Members(chat, self.seen["participants"])
            members = self._members[chat.id]
            members.spoke(contact.id, stamp)
            self.ledger.afterwards.extend(members.settle())

    def _new_contact(self, person: Person) -> Contact:
        contact = Contact.create(
            tenant_id=self.gate.tenant_id,
            project_id=self.gate.project_id,
            source=ContactSource.MESSAGE,
            name=person.name or "",
        )
        self.contacts.append(self.ledger.add("contacts", contact))
        return contact

    def _new_chat(self, kind: ChatKind, owner: UUID | None) -> Chat:
        chat = Chat.open(
            tenant_id=self.gate.tenant_id,
            project_id=self.gate.project_id,
            channel_id=self.gate.channel_id,
            kind=kind,
            contact_id=owner,
        )
        self.chats.append(self.ledger.add("chats", chat))
        return chat

    def _link(self, contact: Contact, person: Person) -> None:
        """Let the contact be known by all these; who called by one of them before was this contact."""
        new = [identity for identity in person.identities if self._is_new(contact, identity)]
        for identity in new:
            contact.link(identity)
        if new:
            names = {"tenant_id": contact.tenant_id, "project_id": contact.project_id, "contact_id": contact.id}
            told = [{"kind": each.kind, "value": each.value} for each in self._spellings(new)]
            self.ledger.last(BELONGS, **names, identities=told)
        if all(identity.kind is not IdentityKind.PHONE for identity in person.identities):
            self._look_up(contact, new)

    def _is_new(self, contact: Contact, identity: Identity) -> bool:
        """Whether the contact was not known by it; from now on it is, in any spelling."""
        was_known = _key(identity) in self.owners
        for spelling, is_variant in with_variants(identity):
            if _key(spelling) not in self.owners:
                self.owners[_key(spelling)] = contact.id
                names = {"kind": spelling.kind, "issuer": spelling.issuer, "value": spelling.value}
                self._row("contact_identities", **names, contact_id=contact.id, is_variant=is_variant)
        return not was_known

    @staticmethod
    def _spellings(identities: Iterable[Identity]) -> Iterable[Identity]:
        return (spelling for identity in identities for spelling, _ in with_variants(identity))

    def _look_up(self, contact: Contact, identities: Iterable[Identity]) -> None:
        """Have the phone behind a hidden id asked for, now that nothing else says it."""
        for identity in identities:
            if identity.kind is IdentityKind.LID:
                names = {"channel_id": self.gate.channel_id, "contact_id": contact.id, "lid": identity.value}
                self._row("lid_lookups", id=uuid7(), **names, next_at=self.seen["now"])

    def _row(self, table: str, **values: object) -> None:
        self.ledger.row(table, tenant_id=self.gate.tenant_id, project_id=self.gate.project_id, **values)


def _key(identity: Identity) -> tuple[str, str, str]:
    return identity.kind, identity.issuer, identity.value
