"""Who wrote the pages of a history, and where: contacts and chats found, or made, for many messages at once."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from shared.crm.calls.store import BELONGS
from shared.crm.chats.members import Members
from shared.crm.chats.model import Chat
from shared.crm.chats.waiting import TAKEN, Labels, settle
from shared.crm.contacts.model import Contact, ContactSource, with_variants
from shared.crm.history.model import HistoryRun
from shared.crm.history.picture import Asked
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.merge import Pair, pairs
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatKind, InboundMessage, Person

Key = tuple[str, str, str]


class Circle:
    """Names that belong together: whoever is called by one of them may be called by the others."""

    def __init__(self) -> None:
        self._parents: dict[Key, Key] = {}

    def join(self, told: Iterable[Identity]) -> None:
        """All these are one person's."""
        spelled = [key_of(each) for identity in told for each, _ in with_variants(identity)]
        for name in spelled:
            self._parents[self.head(name)] = self.head(spelled[0])

    def head(self, name: Key) -> Key:
        """The name that stands for the person."""
        parent = self._parents.setdefault(name, name)
        if parent != name:
            parent = self._parents[name] = self.head(parent)
        return parent

    def knows_phone(self, name: Key) -> bool:
        """Whether a phone is among the names of the person."""
        head = self.head(name)
        return any(each[0] == IdentityKind.PHONE and self.head(each) == head for each in list(self._parents))

    def of(self, person: Person | None) -> Key | None:
        return self.head(key_of(person.identities[0])) if person and person.identities else None


def key_of(identity: Identity) -> Key:
    return identity.kind, identity.issuer, identity.value


def circle_of(pages: Sequence[Asked]) -> Circle:
    circle = Circle()
    for page in pages:
        if page.is_individual:
            circle.join(page.people)
            continue
        for told in page.messages:
            circle.join(told.sender.identities if told.sender else ())
    return circle


def next_merge(
    seen: dict[str, Any], circle: Circle, pages: Sequence[Asked], parted: Collection[Pair] = ()
) -> Pair | None:
    """The next two contacts that the pages show to be one person: the older survives."""
    owners: dict[Key, set[UUID]] = {}
    for row in seen["identities"]:
        owners.setdefault(circle.head((row["kind"], row["issuer"], row["value"])), set()).add(UUID(row["contact_id"]))
    owner_of = {row["id"]: row["contact_id"] for row in seen["chats"]}
    for page in pages:
        if page.is_individual and page.people:
            found = {UUID(owner) for chat in chats_of(page, seen) if (owner := owner_of.get(chat))}
            owners.setdefault(circle.head(key_of(page.people[0])), set()).update(found)
    return next((pair for ids in owners.values() for pair in pairs(ids) if pair not in parted), None)


def chats_of(page: Asked, seen: dict[str, Any]) -> list[str]:
    """The chats that a page may belong to: by its addresses, and by those of its messages that are here already."""
    by_address = (seen["addresses"].get(address) for address in page.all_addresses)
    by_message = (seen["known"].get(told.external_id, {}).get("chat_id") for told in page.messages)
    return list(dict.fromkeys(chat for chat in (*by_address, *by_message) if chat))


class People:
    """Resolves persons and chats against what was read; what is new goes into the ledger."""

    def __init__(self, run: HistoryRun, circle: Circle, ledger: Ledger, seen: dict[str, Any]) -> None:
        self.run, self.circle, self.ledger = run, circle, ledger
        contacts = self._people = {each.id: each for each in ledger.load_all("contacts", Contact, seen["contacts"])}
        self._known = {
            (row["kind"], row["issuer"], row["value"]): contacts[UUID(row["contact_id"])] for row in seen["identities"]
        }
        # Of two who were parted, a name that neither is known by is that of whoever has the phone.
        by_phone_last = sorted(self._known.items(), key=lambda known: known[0][0] == IdentityKind.PHONE)
        self._contacts = {circle.head(key): contact for key, contact in by_phone_last}
        chats = {str(each.id): each for each in ledger.load_all("chats", Chat, seen["chats"])}
        self._addresses = {address: chats[each] for address, each in seen["addresses"].items()}
        self._chats = {each.contact_id: each for each in chats.values() if each.contact_id}
        self._by_id = chats
        self._seen = seen
        self._members: dict[UUID, Members] = {}

    def meet(self, page: Asked, seen: dict[str, Any]) -> None:
        """Know the other side of a chat by those of its messages that are here already, whatever it is called now."""
        chat = next((self._by_id[each] for each in chats_of(page, seen) if each in self._by_id), None)
        if not page.is_individual or not page.people or chat is None or chat.contact_id is None:
            return
        head = self.circle.head(key_of(page.people[0]))
        self._contacts.setdefault(head, self._people[chat.contact_id])
        self._chats.setdefault(chat.contact_id, chat)

    def contact(self, person: Person | None) -> Contact | None:
        """The contact who is that person; None when nothing says who it is."""
        head = self.circle.of(person)
        if person is None or head is None:
            return None
        contact = self._known_as(person) or self._contacts.get(head) or self._new_contact(head, person)
        contact.introduce(person.name)
        for identity in person.identities:
            self._link(contact, identity)
        return contact

    def _known_as(self, person: Person) -> Contact | None:
        """The contact who is known by one of these very names, the oldest of several."""
        found = (self._known.get(key_of(each)) for each in person.identities)
        return min(filter(None, found), key=lambda contact: contact.id, default=None)

    def owner(self, chat: Chat) -> Contact | None:
        """The contact whose chat it is, unless that is somebody new."""
        return self._people.get(chat.contact_id) if chat.contact_id else None

    def chat(self, told: InboundMessage, contact: Contact | None) -> Chat:
        """The chat that the message belongs to, known from now on by all its addresses.

        Of somebody who was parted from another there may be two: it is the one that the message's own address leads to.
        """
        owner = contact if told.chat_kind is ChatKind.INDIVIDUAL else None
        chat = self.at((told.chat_address, *told.chat_addresses)) or (self._chats.get(owner.id) if owner else None)
        chat = chat or self._new_chat(told.chat_kind, owner)
        self._find_under(chat, told.chat_addresses)
        return chat

    def reach(self, chat: Chat, address: str) -> None:
        """Let a chat that is found nowhere yet be found at this address; one that is known is written to as before."""
        if chat not in self._addresses.values():
            self._find_under(chat, (address,))

    def _find_under(self, chat: Chat, addresses: Sequence[str]) -> None:
        """Let it be found at these addresses, and have what waited for it there."""
        new = [address for address in addresses if address not in self._addresses]
        for address in new:
            self._addresses[address] = chat
            self._row("chat_addresses", channel_id=chat.channel_id, address=address, chat_id=chat.id)
        early = [row for row in self._seen["early"] if row["external_id"] in new]
        if early:
            self.ledger.afterwards.extend(settle(chat, early, self._labels(chat)))
            self.ledger.last(TAKEN, tenant_id=chat.tenant_id, channel_id=chat.channel_id, addresses=new)

    def _labels(self, chat: Chat) -> Labels:
        seen = self._seen["chat_labels"]
        return {label: {"stamp": stamp, "is_on": is_on} for of, label, stamp, is_on in seen if of == str(chat.id)}

    def at(self, addresses: Iterable[str]) -> Chat | None:
        """The chat at one of these addresses."""
        return next((self._addresses[each] for each in addresses if each in self._addresses), None)

    def takes_part(self, chat: Chat, contact: Contact, stamp: str) -> None:
        """Remember who speaks in a group."""
        if chat.kind is ChatKind.GROUP:
            if chat.id not in self._members:
                rows = (row for row in self._seen["participants"] if row["chat_id"] == str(chat.id))
                self._members[chat.id] = Members(chat, rows)
            self._members[chat.id].spoke(contact.id, stamp)

    def end(self) -> None:
        """Write down who spoke where."""
        for members in self._members.values():
            self.ledger.afterwards.extend(members.settle())

    def _new_contact(self, head: Key, person: Person) -> Contact:
        names = {"tenant_id": self.run.tenant_id, "project_id": self.run.project_id}
        contact = Contact.create(**names, source=ContactSource.IMPORT, name=person.name or "")
        self._contacts[head] = self.ledger.add("contacts", contact)
        return contact

    def _new_chat(self, kind: ChatKind, owner: Contact | None) -> Chat:
        chat = Chat.open(
            tenant_id=self.run.tenant_id,
            project_id=self.run.project_id,
            channel_id=self.run.channel_id,
            kind=kind,
            contact_id=owner.id if owner else None,
        )
        if owner:
            self._chats[owner.id] = chat
        return self.ledger.add("chats", chat)

    def _link(self, contact: Contact, identity: Identity) -> None:
        """Let the contact be known by this; whoever called by it before was this contact."""
        if key_of(identity) in self._known:
            return
        spellings = [each for each in with_variants(identity) if key_of(each[0]) not in self._known]
        for spelling, is_variant in spellings:
            self._known[key_of(spelling)] = contact
            told = {"kind": spelling.kind, "issuer": spelling.issuer, "value": spelling.value}
            self._row("contact_identities", **told, contact_id=contact.id, is_variant=is_variant)
        contact.link(identity)
        names = {"tenant_id": contact.tenant_id, "project_id": contact.project_id, "contact_id": contact.id}
        callers = [{"kind": spelling.kind, "value": spelling.value} for spelling, _ in spellings]
        self.ledger.last(BELONGS, **names, identities=callers)
        if identity.kind is IdentityKind.LID and not self.circle.knows_phone(key_of(identity)):
            self._look_up(contact, identity)

    def _look_up(self, contact: Contact, lid: Identity) -> None:
        """Have the phone behind a hidden id asked for, now that nothing else says it."""
        names = {"channel_id": self.run.channel_id, "contact_id": contact.id, "lid": lid.value}
        self._row("lid_lookups", id=uuid7(), **names, next_at=self._seen["now"])

    def _row(self, table: str, **values: object) -> None:
        self.ledger.row(table, tenant_id=self.run.tenant_id, project_id=self.run.project_id, **values)
