"""One message taken in: kept once, under its contact, chat, session and group."""

from datetime import datetime, timedelta

from shared.crm.chats.model import Chat
from shared.crm.contacts.model import Contact
from shared.crm.inbound.moves import move_session
from shared.crm.inbound.progress import follow
from shared.crm.inbound.scene import Scene
from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.crm.message_groups.tasks import FlushMessageGroup
from shared.crm.messages.echoes import is_echo
from shared.crm.messages.following import Sequel
from shared.crm.messages.model import Direction, Message
from shared.crm.messages.waiting import ANSWERED_LATER, TAKEN
from shared.crm.sessions.model import Holder, Session, SessionStatus, place
from shared.kernel.inbound import ChatKind, InboundMessage
from shared.kernel.stamps import stamp
from shared.providers.waha.rendering import rendered
from shared.runtime.outbox import Outgoing

ECHO_WITHIN = timedelta(minutes=10)  # of the claim, by the provider's clock


class Intake:
    """Decides what a message changes; everything decided lies in the ledger of the scene."""

    def __init__(self, scene: Scene, told: InboundMessage, outgoing: Outgoing) -> None:
        self.scene = scene
        self.told = told
        self.outgoing = outgoing
        self.ledger = scene.ledger
        self.people = scene.people
        self.at = scene.moment(told.sent_at)
        self.message: Message | None = None

    def take(self) -> bool:
        """Keep the message, unless it is here: by its id, or as a send of ours whose id we did not know yet.

        False: it was here, and had been read.
        """
        message = self.message = self.scene.message(self.told.external_id) or self._our_own_send()
        if message is None:
            self._keep()
            return True
        message.is_known_there()
        if message.is_placeholder and not self.told.is_placeholder:
            self._fill(message)
            return True
        self.people.recognise(self.told)
        if self.told.is_placeholder:
            return False
        if message.direction is Direction.OUTBOUND:
            message.was_sent(self.told.external_id, self.told.provider_id)
            self._acknowledge(message)
        return False

    def _keep(self) -> None:
        """Keep a message that is new, and what follows from it."""
        told = self.told
        contact = self.people.contact(told.customer or told.sender)
        if contact and not told.from_me:
            contact.restore()
        chat = self.people.chat(told, contact)
        contact = self.people.owner(chat) or contact
        chat.heard(self.at)
        if not told.from_me:
            chat.customer_wrote()
        session = self._session(chat)
        message = Message.arrived(
            told,
            chat=chat,
            session_id=session.id if session else None,
            at=self.at,
            sender_id=contact.id if contact and not told.from_me else None,
        )
        self.message = self.ledger.add("messages", message)
        self._follow(chat, contact, session, message)

    def _fill(self, message: Message) -> None:
        """Let a message that was only announced say what it says; from here on it is as one that is new."""
        message.fill(self.told)
        contact = self.people.contact(self.told.customer or self.told.sender, supposed=message.contact_id)
        chat = next(each for each in self.people.chats if each.id == message.chat_id)
        if contact and not self.told.from_me:
            message.sender_contact_id = contact.id
        session = next((each for each in self.scene.sessions(chat) if each.id == message.session_id), None)
        self._follow(chat, contact, session, message)

    def _follow(self, chat: Chat, contact: Contact | None, session: Session | None, message: Message) -> None:
        message.quoted_message_id = self.scene.quoted(by=message)
        if not message.is_placeholder:
            self._acknowledge(message)
        if contact and not self.told.from_me:
            self.people.takes_part(chat, contact, stamp(self.told.sent_at or self.at, content=self.told.external_id))
        if session is None:
            return
        if self.told.from_me:
            self._take_over(chat, session)
        elif not message.is_placeholder:
            self._group(chat, message)

    def _take_over(self, chat: Chat, session: Session) -> None:
        """Let a person hold the session; what a bot was about to say in it is withdrawn."""
        session.held_by_human("an own message was written outside", self.at)
        if session.status is SessionStatus.OPEN and session.held_by is Holder.HUMAN:
            self._withdraw_replies(chat, Outcome.TAKEN_OVER, "a person wrote in the chat")

    def _session(self, chat: Chat) -> Session | None:
        if not chat.converses:
            return None
        near, timeout = self.scene.sessions(chat), self.scene.seen["timeout_minutes"]
        placed = place(near, chat=chat, timeout_minutes=timeout, at=self.at)
        if placed.is_new:
            self.ledger.add("sessions", placed.session)
        if placed.swallowed:
            move_session(self.ledger, placed.session, placed.swallowed)
            self.scene.is_over = True
        return placed.session

    def _group(self, chat: Chat, message: Message) -> None:
        """Let the message wait with its burst; what older bursts asked and nobody has answered, this one carries."""
        groups, timeout_ms = self.scene.groups(chat), self.scene.seen["channel"]["debounce_timeout_ms"]
        pending = next((group for group in groups if group.status is GroupStatus.PENDING), None)
        if pending is None:
            pending = self._open_group(message)
        else:
            pending.join(message, now=self.scene.now, timeout_ms=timeout_ms)
        for older in groups:
            if older is not pending:
                pending.supersede(older)
        self._cancel_replies(chat, "a newer message came first")

    def _open_group(self, message: Message) -> MessageGroup:
        channel = self.scene.seen["channel"]
        group = MessageGroup.open(
            message,
            now=self.scene.now,
            timeout_ms=channel["debounce_timeout_ms"],
            max_wait_ms=channel["debounce_max_wait_ms"],
        )
        self.outgoing.schedule(FlushMessageGroup(group_id=group.id, generation=0), at=group.deadline_at)
        return self.ledger.add("message_groups", group)

    def _withdraw_replies(self, chat: Chat, outcome: Outcome, reason: str) -> None:
        for group in self.scene.groups(chat):
            if group.status is not GroupStatus.PENDING:
                group.settle(outcome, reason)
        self._cancel_replies(chat, reason)

    def _cancel_replies(self, chat: Chat, reason: str) -> None:
        for reply in self.scene.replies(chat):
            reply.cancel(reason)

    def _acknowledge(self, message: Message) -> None:
        """Take what the payload says of its own progress, and what came before the message."""
        if self.told.from_me and self.told.ack is not None and message.direction is Direction.OUTBOUND:
            message.receipt(self.told.ack, self.at)
        early = [row for row in self.scene.seen["early"] if row["external_id"] == self.told.external_id]
        follow(self.ledger, message, map(Sequel.read, early), {})
        self._end_waiting(message)

    def _end_waiting(self, message: Message) -> None:
        """Serve what waited for the message to have an id: what follows upon it, and the replies that quote it."""
        names = {"tenant_id": message.tenant_id, "channel_id": message.channel_id}
        learnt = {self.told.external_id: message.id}
        self.ledger.last_of_all(ANSWERED_LATER, learnt, **names)
        if self.scene.seen["early"]:
            self.ledger.last_of_all(TAKEN, learnt, **names)

    def _our_own_send(self) -> Message | None:
        """A send of ours that this is the echo of, where the engine chose the id itself."""
        if not self.told.from_me:
            return None
        engine = self.scene.seen["channel"]["engine"]
        return next((each for each in self.scene.sending() if echoes(self.told, each, at=self.at, engine=engine)), None)


def echoes(told: InboundMessage, message: Message, *, at: datetime, engine: str) -> bool:
    """Whether a message of ours, told by the provider, is that send, claimed about then."""
    if message.claimed_at is None or abs(at - message.claimed_at) > ECHO_WITHIN:
        return False
    draft = rendered(message.draft(), engine, group=told.chat_kind is ChatKind.GROUP)
    return is_echo(draft, told)
