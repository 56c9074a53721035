"""Who wrote, and where: the contact, the chat and the people in it, found or made."""

from typing import Any
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.contacts.model import Contact, ContactSource, with_variants
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.picture import Wanted
from shared.kernel.inbound import ChatKind, InboundMessage, Person


class People:
    """Resolves a delivery's person and chat against what was read; what is new goes into the ledger."""

    def __init__(self, gate: Gate, wanted: Wanted, ledger: Ledger, seen: dict[str, Any]) -> None:
        self.gate = gate
        self.wanted = wanted
        self.ledger = ledger
        self.contacts = ledger.load_all("contacts", Contact, seen["contacts"])
        self.chats = ledger.load_all("chats", Chat, seen["chats"])
        self.owners = {
            (each["kind"], each["issuer"], each["value"]): UUID(each["contact_id"]) for each in seen["identities"]
        }
        self.addresses = set(map(str, seen["addresses"]))
        self.participants = set(map(str, seen["participants"]))

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
        spellings = (spelling for identity in person.identities for spelling, _ in with_variants(identity))
        found = {self.owners.get((each.kind, each.issuer, each.value)) for each in spellings}
        return next((contact for contact in self.contacts if contact.id in found), None)

    def chat(self, told: InboundMessage, contact: Contact | None) -> Chat:
        """The chat that the message belongs to, known from now on by all its addresses."""
        chat = self.chats[0] if self.chats else self._new_chat(told, contact)
        self._find_under(chat, told)
        return chat

    def recognise(self, told: InboundMessage) -> None:
        """Learn more names of whom we know, from a message that is here already; it makes nobody."""
        person = told.customer or told.sender
        if person and self.known(person):
            self.contact(person)
        if self.chats:
            self._find_under(self.chats[0], told)

    def _find_under(self, chat: Chat, told: InboundMessage) -> None:
        for address in told.chat_addresses:
            if address not in self.addresses:
                self.addresses.add(address)
                self._row("chat_addresses", channel_id=chat.channel_id, address=address, chat_id=chat.id)

    def takes_part(self, chat: Chat, contact: Contact) -> None:
        """Remember who speaks in a group."""
        if chat.kind is ChatKind.GROUP and str(contact.id) not in self.participants:
            self.participants.add(str(contact.id))
            chat.joined_by(contact.id)
            self._row("chat_participants", chat_id=chat.id, contact_id=contact.id)

    def _new_contact(self, person: Person) -> Contact:
        contact = Contact.create(
            tenant_id=self.gate.tenant_id,
            project_id=self.gate.project_id,
            source=ContactSource.MESSAGE,
            name=person.name or "",
        )
        self.contacts.append(self.ledger.add("contacts", contact))
        return contact

    def _new_chat(self, told: InboundMessage, contact: Contact | None) -> Chat:
        owner: UUID | None = contact.id if contact and told.chat_kind is ChatKind.INDIVIDUAL else None
        chat = Chat.open(
            tenant_id=self.gate.tenant_id,
            project_id=self.gate.project_id,
            channel_id=self.gate.channel_id,
            kind=told.chat_kind,
            contact_id=owner,
        )
        self.chats.append(self.ledger.add("chats", chat))
        return chat

    def _link(self, contact: Contact, person: Person) -> None:
        for identity in person.identities:
            for spelling, is_variant in with_variants(identity):
                key = (spelling.kind, spelling.issuer, spelling.value)
                if key in self.owners:
                    continue
                self.owners[key] = contact.id
                self._row(
                    "contact_identities",
                    kind=spelling.kind,
                    issuer=spelling.issuer,
                    value=spelling.value,
                    contact_id=contact.id,
                    is_variant=is_variant,
                )
                if not is_variant:
                    contact.link(identity)

    def _row(self, table: str, **values: object) -> None:
        self.ledger.row(table, tenant_id=self.gate.tenant_id, project_id=self.gate.project_id, **values)
