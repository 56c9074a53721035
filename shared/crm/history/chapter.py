"""One page of a chat's history taken in, by the rules that live messages are taken in by."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.crm.chats.model import Chat
from shared.crm.contacts.model import Contact
from shared.crm.history.changes import sequel_of, take_change
from shared.crm.history.days import Day, Days
from shared.crm.history.events import MessageImported
from shared.crm.history.model import HistoryRun
from shared.crm.history.order import placed_before
from shared.crm.history.people import People
from shared.crm.history.picture import Asked
from shared.crm.history.stretches import Stretches
from shared.crm.inbound.intake import echoes
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.progress import follow
from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.crm.messages.following import Sequel
from shared.crm.messages.model import LEVELS, READ, Direction, Message, MessageStatus, SenderKind
from shared.crm.messages.waiting import ANSWERED_LATER, TAKEN, wait
from shared.crm.sessions.model import Holder, Session, SessionStatus
from shared.kernel.ids import uuid7
from shared.kernel.inbound import InboundMessage
from shared.kernel.stamps import stamp
from shared.providers.waha.pages import Change
from shared.runtime.bulk import revive

_REACHED = {level.value: number for number, level in LEVELS.items() if number > 0}


class Book:
    """What all pages of one transaction share: what was read, what is decided, and what was told so far."""

    def __init__(
        self, run: HistoryRun, channel: Channel, people: People, ledger: Ledger, days: Days, seen: dict[str, Any]
    ) -> None:
        self.run, self.channel, self.people, self.ledger = run, channel, people, ledger
        self.days, self.seen = days, seen
        self.now = datetime.fromisoformat(seen["now"])
        self.ids: dict[str, UUID] = {external_id: UUID(row["id"]) for external_id, row in seen["known"].items()}
        self.behind: list[tuple[InboundMessage, UUID]] = []  # known here, and said to have come further
        self.changed: list[tuple[Change, UUID]] = []  # known here, and said to have been changed
        self.changes: list[Change] = []  # told by the pages, maybe of messages that another of them brings
        self.brought: dict[str, Message] = {}  # by the provider's id: what is new, and sends of ours just recognised
        self.added: list[list[Message]] = []  # what is new, by page
        self.sessions = ledger.load_all("sessions", Session, seen["sessions"])
        self._sending = {row["id"]: row for row in seen["sending"]}
        self._stretches: dict[UUID, Stretches] = {}

    def number(self, count: int) -> None:
        """Have ids ready that sort as they are given out: messages of one second keep the order they are told in."""
        self._numbers = iter(sorted(uuid7() for _ in range(count)))

    def next_id(self) -> UUID:
        return next(self._numbers)

    def beyond(self, asked: Asked) -> UUID | None:
        """The first message of a page's last second that is here already and that only later pages tell of."""
        if not asked.tells_of_two_times:
            return None  # what is here of that second may as well have been told before
        told = {each.external_id for each in asked.messages}
        rows = (row for row in self.seen["beside"] if row["address"] in asked.all_addresses)
        return min((UUID(row["id"]) for row in rows if row["external_id"] not in told), default=None)

    def stretches(self, chat: Chat) -> Stretches:
        """The chat's sessions, which all pages that speak of it cut together."""
        if chat.id not in self._stretches:
            known = [each for each in self.sessions if each.chat_id == chat.id]
            self._stretches[chat.id] = Stretches(self.ledger, chat, known, self.seen["project"]["timeout_minutes"])
        return self._stretches[chat.id]

    def take_changes(self) -> None:
        """Let the messages that the pages brought have what was done to them; of others it is known what to ask for."""
        for change in self.changes:
            known = self.seen["known"].get(change.external_id)
            if message := self.brought.get(change.external_id):
                take_change(self.ledger, message, sequel_of(change, self.now))
            elif known:
                self.changed.append((change, UUID(known["id"])))
            else:
                self._wait(change)

    def end(self) -> None:
        """Settle what only the last page decides."""
        for added in self.added:
            for message in added:
                message.collect()  # of what is long over nobody is told one by one
            added[0].record(imported(self.run, added))
        for stretches in self._stretches.values():
            stretches.end(self.now)
        self.people.end()

    @cached_property
    def groups(self) -> list[MessageGroup]:
        return self.ledger.load_all("message_groups", MessageGroup, self.seen["groups"])

    @cached_property
    def replies(self) -> list[Message]:
        return self.ledger.load_all("messages", Message, self.seen["replies"])

    def sending_of(self, chat: Chat, told: InboundMessage, at: datetime) -> Message | None:
        """A send of ours whose id we did not know, that this message is the echo of: that only the provider can say."""
        for row in self._sending.values() if told.from_me and self.run.asks_provider else ():
            if UUID(row["chat_id"]) == chat.id and echoes(
                told, revive(Message, row), at=at, engine=self.channel.engine
            ):
                del self._sending[row["id"]]
                return self.ledger.load("messages", Message, row)
        return None

    def acknowledge(self, message: Message, told: InboundMessage, at: datetime) -> None:
        """Take what the row says of its own progress, and what came before it."""
        if told.ack is not None and (told.from_me or told.ack >= READ):
            message.receipt(told.ack, at)
        self.serve(message)

    def serve(self, message: Message) -> None:
        """Let a message that can be read at last have what waited for it."""
        early = [row for row in self.seen["early"] if row["external_id"] == message.external_id]
        if message.external_id and early:
            follow(self.ledger, message, map(Sequel.read, early), {})
            names = {"tenant_id": message.tenant_id, "channel_id": message.channel_id}
            self.ledger.last_of_all(TAKEN, {message.external_id: message.id}, **names)

    def catch_up(self, rows: Sequence[dict[str, Any]]) -> None:
        """Bring those that are behind as far as the provider says; `rows` are what they are now."""
        messages = {each.external_id: each for each in self.ledger.load_all("messages", Message, list(rows))}
        for told, _ in self.behind:
            message = messages[told.external_id]
            message.is_known_there()
            if message.is_placeholder:
                self._fill(message, told)
            if told.from_me and told.ack is not None:
                message.receipt(told.ack, told.sent_at or message.sent_at)
        for change, _ in self.changed:
            take_change(self.ledger, messages[change.external_id], sequel_of(change, self.now))

    def _wait(self, change: Change) -> None:
        """Let a change wait for its message, which is not here."""
        names = (self.run.tenant_id, self.run.project_id, self.run.channel_id, change.external_id)
        self.ledger.afterwards.append(wait(*names, sequel_of(change, self.now)))

    def _fill(self, message: Message, told: InboundMessage) -> None:
        """Let a message that was only announced say what it says, which is long over."""
        contact = self.people.contact(told.customer or told.sender)
        message.fill(told)
        quoted = self.seen["known"].get(told.quoted_external_id)  # what is new is linked when it is there
        message.quoted_message_id = UUID(quoted["id"]) if quoted else None
        if contact and not told.from_me:
            message.sender_contact_id = contact.id
        message.collect()  # of what is long over nobody is told one by one
        self.serve(message)
        names = {"tenant_id": message.tenant_id, "channel_id": message.channel_id}
        self.ledger.last_of_all(ANSWERED_LATER, {told.external_id: message.id}, **names)
        message.record(imported(self.run, [message]))


class Chapter:
    """The messages of one page, oldest first, and what follows from them."""

    def __init__(self, book: Book, asked: Asked, delivered: frozenset[str] = frozenset()) -> None:
        self.book, self.told, self._delivered = book, asked.messages, delivered
        self._changes = asked.changes
        self._placed = placed_before(asked.messages, book.ids, book.beyond(asked))
        self.added: list[Message] = []
        self.known = self.delivered = 0
        self.chat: Chat | None = None
        self.recovered: dict[tuple[UUID, str], tuple[Day, int]] = {}
        self._last_heard: dict[UUID, tuple[Contact, datetime]] = {}

    def read(self) -> None:
        for told in self.told:
            self._take(told)
        self.book.changes.extend(self._changes)
        for contact, at in self._last_heard.values():
            contact.wrote(at)
        if self.added:
            self.book.added.append(self.added)

    def _take(self, told: InboundMessage) -> None:
        book = self.book
        at = min(told.sent_at or book.now, book.now)
        delivered, missing = told.external_id in self._delivered, told.external_id not in book.ids
        contact = book.people.contact(told.customer or told.sender)
        chat = self.chat = book.people.chat(told, contact)
        contact = book.people.owner(chat) or contact
        self._count(chat, told, at, missing=missing or delivered)
        if delivered and not missing:
            self.delivered += 1
        elif not missing:
            self._is_known(told)
        elif sending := book.sending_of(chat, told, at):
            book.ids[told.external_id], book.brought[told.external_id] = sending.id, sending
            sending.was_sent(told.external_id, told.provider_id)
            self.book.acknowledge(sending, told, at)
            self.known += 1
        else:
            self._keep(told, chat, contact, at)

    def _count(self, chat: Chat, told: InboundMessage, at: datetime, *, missing: bool) -> None:
        day = self.book.days.told(chat.id, told.external_id, at, missing=missing)
        if day:
            place = (chat.id, day.day.isoformat())
            self.recovered[place] = (day, self.recovered.get(place, (day, 0))[1] + 1)

    def _is_known(self, told: InboundMessage) -> None:
        self.known += 1
        row = self.book.seen["known"].get(told.external_id)
        if row and _is_ahead(told, row):
            self.book.behind.append((told, UUID(row["id"])))

    def _keep(self, told: InboundMessage, chat: Chat, contact: Contact | None, at: datetime) -> None:
        chat.heard(at)
        writer = None if told.from_me else contact
        session = self._session(chat, at)
        message = Message.arrived(
            told, chat=chat, session_id=session.id if session else None, at=at, sender_id=writer.id if writer else None
        )
        message.id = self.book.ids[told.external_id] = self._placed.get(told.external_id) or self.book.next_id()
        message.quoted_message_id = self.book.ids.get(told.quoted_external_id or "")
        message.agent_id = self.book.channel.default_agent_id if told.from_me else None
        self.book.acknowledge(message, told, at)
        if not self.book.run.asks_provider:
            message.sender_kind = SenderKind.IMPORT
        self.book.brought[told.external_id] = message
        self.added.append(message)
        if writer:
            self._last_heard[writer.id] = writer, at
            self.book.people.takes_part(chat, writer, stamp(told.sent_at or at, content=told.external_id))
        elif session and told.from_me:
            self._take_over(session, at)

    def _session(self, chat: Chat, at: datetime) -> Session | None:
        return self.book.stretches(chat).place(at) if chat.converses else None

    def _take_over(self, session: Session, at: datetime) -> None:
        """Let a person hold the session; what a bot was about to say in it is withdrawn."""
        session.held_by_human("an own message was written outside", at)
        if session.status is SessionStatus.OPEN and session.held_by is Holder.HUMAN:
            self._withdraw(session.chat_id)

    def _withdraw(self, chat_id: UUID) -> None:
        reason = "a person wrote in the chat"
        for group in self.book.groups:
            if group.chat_id == chat_id and group.status is not GroupStatus.PENDING:
                group.settle(Outcome.TAKEN_OVER, reason)
        for reply in self.book.replies:
            if reply.chat_id == chat_id and reply.status is MessageStatus.QUEUED:
                reply.cancel(reason)


def imported(run: HistoryRun, messages: Sequence[Message]) -> MessageImported:
    """That messages of one chat came from the history, oldest first."""
    first, last = messages[0], messages[-1]
    return MessageImported(
        run_id=run.id,
        channel_id=first.channel_id,
        chat_id=first.chat_id,
        contact_id=first.contact_id,
        message_ids=[each.id for each in messages],
        first_at=first.sent_at,
        last_at=last.sent_at,
    )


def _is_ahead(told: InboundMessage, row: dict[str, Any]) -> bool:
    """Whether the provider says more of a message than we know: that it is one, what it says, how far ours has come."""
    if row["sender_kind"] == SenderKind.IMPORT:
        return True
    if row["is_placeholder"]:
        return not told.is_placeholder
    return told.from_me and row["direction"] == Direction.OUTBOUND and (told.ack or 0) > _REACHED.get(row["status"], 0)
