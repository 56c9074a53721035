"""Having the provider do what was asked: claim it, call with no transaction open, record what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.actions.performing import call, channel_for, not_done
from shared.crm.channels.connection import open_waha
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.chats.store import Chats, chats
from shared.crm.message_actions.model import ActionKind, MessageAction
from shared.crm.message_actions.store import MessageActions
from shared.crm.messages.following import Follower, Sequel, SequelKind
from shared.crm.messages.model import OURS, Message
from shared.crm.messages.store import Messages, messages
from shared.crm.messages.whereabouts import address_of, full_id
from shared.providers.waha.client import NotNow, Refused, Waha, WahaError
from shared.providers.waha.ids import message_id as read_id
from shared.runtime.consume import Busy, Transactions
from shared.runtime.retry import Stale, retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

MOST_SEEN = 100


@dataclass(frozen=True, kw_only=True)
class Errand:
    """All that the call needs, so that no transaction is open meanwhile."""

    action_id: UUID
    message_id: UUID
    kind: ActionKind
    value: str
    channel: Channel
    address: str
    provider_id: str
    claimed_at: datetime

    def run(self, waha: Waha) -> None:
        if self.kind is ActionKind.EDIT:
            waha.edit(self.address, self.provider_id, self.value)
        elif self.kind is ActionKind.RECALL:
            waha.recall(self.address, self.provider_id)
        else:
            waha.react(self.provider_id, self.value)


def perform(transactions: Transactions, action_id: UUID) -> None:
    """Do an action. Called again it does nothing, or waits for the one who is at it."""
    errand = retried(lambda: _claim(transactions, action_id))
    if errand is None:
        return
    failure = _call(errand)
    if retried(lambda: _record(transactions, errand, failure)):
        raise Busy("the WAHA server did not say that it did this")


def _claim(transactions: Transactions, action_id: UUID) -> Errand | None:
    with transactions.begin() as uow:
        action = MessageActions(uow).to_be_done(action_id)
        if action is None:
            return None
        errand = _errand(uow, action)
        uow.commit()
        return errand


def _errand(uow: UnitOfWork, action: MessageAction) -> Errand | None:
    if MessageActions(uow).has_later(action):
        action.supersede()
        return None
    channel, message = channel_for(uow, action), Messages(uow).get(action.message_id)
    if channel is None:
        return None
    action.claim(uow.now)
    address = address_of(uow, message.chat_id)
    return Errand(
        action_id=action.id,
        message_id=message.id,
        kind=action.kind,
        value=action.value or "",
        channel=channel,
        address=address,
        provider_id=full_id(message, address),
        claimed_at=uow.now,
    )


def _call(errand: Errand) -> WahaError | None:
    return call(open_waha(errand.channel), errand.run, kind=errand.kind, action_id=errand.action_id)


def _record(transactions: Transactions, errand: Errand, failure: WahaError | None) -> bool:
    """Note what came of it; tell whether it is to be tried again."""
    with transactions.begin() as uow:
        message = _locked(uow, errand.message_id)
        action = MessageActions(uow).get(errand.action_id, lock=True)
        if not action.is_claimed(errand.claimed_at):
            return False
        if failure is None:
            action.finish()
            _done(uow, message, action, errand.claimed_at)
        else:
            not_done(action, failure, uow.now)
        uow.commit()
        return action.waits


def _locked(uow: UnitOfWork, message_id: UUID) -> Message:
    """The message, once nobody else works on its chat; the chat is always locked first."""
    chat_id = Messages(uow).get(message_id).chat_id
    Chats(uow).get(chat_id, lock=True)
    message = Messages(uow).get(message_id, lock=True)
    if message.chat_id != chat_id:
        raise Stale  # The chat became one with another just now: that is the one to lock.
    return message


def _done(uow: UnitOfWork, message: Message, action: MessageAction, at: datetime) -> None:
    """Let the message be as WhatsApp shows it by now; its echo may have told so already."""
    if action.kind is ActionKind.RECALL:
        message.recalled(uow.now, action.requested_by)
        return
    kind = SequelKind.EDIT if action.kind is ActionKind.EDIT else SequelKind.EMOJI
    if kind is SequelKind.EDIT and message.says_already(action.value, at):
        return
    key = f"{int(at.timestamp() * 1000):014}.{OURS}"
    follower = Follower(message, MessageActions(uow).our_reactions(message.id))
    by = action.requested_by
    follower.take(Sequel(kind=kind, contact_id=None, key=key, value=action.value or None, at=at, by=by))
    uow.run(*follower.statements)


def tell_read(transactions: Transactions, message_id: UUID) -> None:
    """Tell the customer that what was read together with a message is read; a lost word is said again."""
    with transactions.begin() as uow:
        last = Messages(uow).first(messages.c.id == message_id)
        if last is None or last.read_at is None:
            return
        channel, address = Channels(uow).get(last.channel_id), address_of(uow, last.chat_id)
        seen = Messages(uow).read_with(last, MOST_SEEN)
    if channel.status is ChannelStatus.ACTIVE:
        _told(channel, address, [each.provider_id for each in seen if each.provider_id])


def _told(channel: Channel, address: str, provider_ids: list[str]) -> None:
    try:
        with open_waha(channel) as waha:
            for author, theirs in _by_author(provider_ids):
                waha.seen(address, theirs, participant=author)
    except WahaError as error:
        if isinstance(error, NotNow) or not isinstance(error, Refused):
            raise Busy("the WAHA server did not say that it told this as read") from error
        say("not told as read", outcome=error.code)


def _by_author(provider_ids: Iterable[str]) -> list[tuple[str | None, list[str]]]:
    """In a group, each participant's own."""
    found: dict[str | None, list[str]] = {}
    for each in provider_ids:
        known = read_id(each)
        found.setdefault(known.author if known else None, []).append(each)
    return list(found.items())


def show_typing(transactions: Transactions, chat_id: UUID, until: datetime, *, on: bool) -> None:
    """Show that somebody types, if that is still so."""
    with transactions.begin() as uow:
        chat = Chats(uow).first(chats.c.id == chat_id)
        if chat is None:
            return
        channel, address, late = Channels(uow).get(chat.channel_id), address_of(uow, chat_id), uow.now > until
    if late or channel.status is not ChannelStatus.ACTIVE:
        return
    try:
        with open_waha(channel) as waha:
            waha.typing(address, on=on)
    except WahaError as error:
        say("typing not shown", outcome=type(error).__name__)
