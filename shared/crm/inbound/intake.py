"""One message taken in: kept once, under its contact, chat, session and group."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.crm.channels.model import Channel, Engine
from shared.crm.chats.model import Chat
from shared.crm.contacts.model import Contact
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.moves import move_session
from shared.crm.inbound.people import People
from shared.crm.inbound.picture import Wanted
from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.crm.message_groups.tasks import FlushMessageGroup
from shared.crm.messages.model import Direction, Message
from shared.crm.sessions.model import Session, place
from shared.kernel.inbound import InboundMessage
from shared.runtime.outbox import Outgoing


class Intake:
    """Decides what a message changes. `seen` is the picture; everything decided lies in the ledger."""

    def __init__(
        self, gate: Gate, wanted: Wanted, told: InboundMessage, seen: dict[str, Any], outgoing: Outgoing
    ) -> None:
        self.told = told
        self.seen = seen
        self.outgoing = outgoing
        self.ledger = Ledger()
        self.now = datetime.fromisoformat(seen["now"])
        self.at = min(told.sent_at or self.now, self.now)
        self.channel = self.ledger.load("channels", Channel, seen["channel"])
        self.people = People(gate, wanted, self.ledger, seen)
        self.message: Message | None = None

    def is_known(self) -> bool:
        """Whether the message is here already: by its id, or as a send of ours whose id we did not know yet."""
        row = self.seen["message"] or self._our_own_send()
        if row is None:
            return False
        self.message = self.ledger.load("messages", Message, row)
        # A second delivery may know the person or the chat by one more name.
        self.people.chat(self.told, self.people.contact(self.told.customer or self.told.sender))
        if self.message.direction is Direction.OUTBOUND:
            self.message.was_sent(self.told.external_id, self.told.provider_id)
            self._acknowledge(self.message)
        return True

    def keep(self) -> Message:
        """Keep a message that is new, and what follows from it."""
        told = self.told
        contact = self.people.contact(told.customer or told.sender)
        chat = self.people.chat(told, contact)
        chat.heard(self.at)
        session = self._session(chat)
        message = Message.arrived(
            told,
            chat=chat,
            session_id=session.id if session else None,
            at=self.at,
            sender_id=contact.id if contact and not told.from_me else None,
        )
        self.message = self.ledger.add("messages", message)
        message.quoted_message_id = UUID(self.seen["quoted"]) if self.seen["quoted"] else None
        self._acknowledge(message)
        self._follow(chat, contact, session, message)
        return message

    def _follow(self, chat: Chat, contact: Contact | None, session: Session | None, message: Message) -> None:
        if contact and not self.told.from_me:
            self.people.takes_part(chat, contact)
        if session is None:
            return
        if self.told.from_me:
            session.held_by_human("an own message was written outside", self.at)
            self._withdraw_replies(Outcome.TAKEN_OVER, "a person wrote in the chat")
        else:
            self._group(message)

    def _session(self, chat: Chat) -> Session | None:
        if not chat.converses:
            return None
        near = self.ledger.load_all("sessions", Session, self.seen["sessions"])
        placed = place(near, chat=chat, timeout_minutes=self.seen["timeout_minutes"], at=self.at)
        if placed.is_new:
            self.ledger.add("sessions", placed.session)
        if placed.swallowed:
            move_session(self.ledger, placed.session, placed.swallowed)
        return placed.session

    def _group(self, message: Message) -> None:
        groups = self.ledger.load_all("message_groups", MessageGroup, self.seen["groups"])
        pending = next((group for group in groups if group.status is GroupStatus.PENDING), None)
        if pending is not None:
            pending.join(message, now=self.now, timeout_ms=self.channel.debounce_timeout_ms)
            return
        group = MessageGroup.open(
            message,
            now=self.now,
            timeout_ms=self.channel.debounce_timeout_ms,
            max_wait_ms=self.channel.debounce_max_wait_ms,
        )
        self.ledger.add("message_groups", group)
        self.outgoing.schedule(FlushMessageGroup(group_id=group.id, generation=0), at=group.deadline_at)
        for older in groups:
            group.supersede(older)
        self._cancel_replies("a newer message came first")

    def _withdraw_replies(self, outcome: Outcome, reason: str) -> None:
        for group in self.ledger.load_all("message_groups", MessageGroup, self.seen["groups"]):
            if group.status is not GroupStatus.PENDING:
                group.settle(outcome, reason)
        self._cancel_replies(reason)

    def _cancel_replies(self, reason: str) -> None:
        for reply in self.ledger.load_all("messages", Message, self.seen["replies"]):
            reply.cancel(reason)

    def _acknowledge(self, message: Message) -> None:
        """Take what the payload says of its own progress, and the receipts that came before it."""
        if self.told.from_me and self.told.ack is not None and message.direction is Direction.OUTBOUND:
            message.receipt(self.told.ack, self.at)
        for early in self.seen["receipts"]:
            self._early(message, early)

    def _early(self, message: Message, early: dict[str, Any]) -> None:
        at = datetime.fromisoformat(early["at"])
        if early["contact_id"] is None:
            message.receipt(early["level"], at)
            return
        self.ledger.row(
            "message_receipts",
            tenant_id=message.tenant_id,
            project_id=message.project_id,
            message_id=message.id,
            contact_id=early["contact_id"],
            level=early["level"],
            at=at,
        )

    def _our_own_send(self) -> dict[str, Any] | None:
        """A send of ours that this is the echo of, on an engine that chooses the ids itself."""
        if not self.told.from_me or Engine(self.channel.engine).takes_our_ids:
            return None
        same = (row for row in self.seen["sending"] if (row["text"] or "").strip() == (self.told.text or "").strip())
        return next(same, None)
