"""Sending a message once: claim it, call the provider with no transaction open, record what came of it."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.crm.channels.connection import open_waha
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.chats.store import Chats
from shared.crm.message_groups.use_cases import withdraw_if_outdated
from shared.crm.messages.echoes import is_echo
from shared.crm.messages.finding import Inquiry, find, inquiry
from shared.crm.messages.model import Message, MessageStatus
from shared.crm.messages.pacing import begins_chat, close_new_chats, hold, must_wait
from shared.crm.messages.parcels import Parcel, pack
from shared.crm.messages.store import Messages, messages
from shared.crm.messages.tasks import ReconcileMessage
from shared.crm.messages.waiting import lock_ids, serve_waiting
from shared.kernel.inbound import InboundMessage
from shared.providers.waha.client import TIMELOCKED, NotNow, Refused, Sent, Unreachable, WahaError
from shared.runtime.consume import Busy, Transactions
from shared.runtime.retry import Stale, retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

LEASE = timedelta(seconds=60)  # a claim older than this was left by somebody who is gone
PATIENCE = timedelta(minutes=10)  # how long a server that is away, or cannot now, or an unknown outcome is followed
BETWEEN_LOOKS = timedelta(seconds=20)
EARLY = timedelta(seconds=5)  # how far a timer's clock may be ahead of ours


def send(transactions: Transactions, message_id: UUID) -> None:
    """Send a queued message. Called again it does nothing, or waits for the one who is at it."""
    parcel = _claimed(transactions, message_id)
    if parcel is None:
        return
    outcome = _call(parcel)
    retried(lambda: _record(transactions, parcel, outcome))
    if isinstance(outcome, Unreachable | NotNow):
        raise Busy("the WAHA server cannot be reached, or cannot send just now")


def resume(transactions: Transactions, message_id: UUID) -> None:
    """Send a message that was left behind, once nothing that was queued before it in its chat still waits."""
    with transactions.begin() as uow:
        message = Messages(uow).first(messages.c.id == message_id)
        if message is None or (message.not_before is None and Messages(uow).waits_for_another(message)):
            return
        if uow.now < message.due_at <= uow.now + EARLY:
            raise Busy("its turn has all but come")
    send(transactions, message_id)


def _claimed(transactions: Transactions, message_id: UUID) -> Parcel | None:
    """The message, claimed, once it is known where its number is found."""
    ready = retried(lambda: _claim(transactions, message_id))
    if not isinstance(ready, Inquiry):
        return ready
    find(transactions, ready)
    found = retried(lambda: _claim(transactions, message_id, is_found=True))
    return found if isinstance(found, Parcel) else None


def _claim(transactions: Transactions, message_id: UUID, *, is_found: bool = False) -> Parcel | Inquiry | None:
    with transactions.begin() as uow:
        message = Messages(uow).first(messages.c.id == message_id, lock=True)
        if message is None or message.status not in {MessageStatus.QUEUED, MessageStatus.SENDING}:
            return None
        if message.status is MessageStatus.SENDING:
            _left_behind(uow, message)
            uow.commit()
            return None
        ready = _ready(uow, message, is_found=is_found)
        uow.commit()
        return ready


def _ready(uow: UnitOfWork, message: Message, *, is_found: bool) -> Parcel | Inquiry | None:
    """The message as it goes out, claimed; none when it is not its turn, or it cannot go any more.

    Of one that begins a chat it may first be to be found out where its number is.
    """
    channel = Channels(uow).get(message.channel_id)
    if channel.status is not ChannelStatus.ACTIVE:
        message.fail("channel_inactive", "the chat's channel is not active", retryable=channel.deleted_at is None)
        return None
    if _follows_one_that_waits(uow, message):
        return None
    begins = begins_chat(uow, message)
    if must_wait(uow, channel, message, begins=begins):
        return None
    if begins and not is_found and (unfound := inquiry(uow, channel, message)):
        return unfound
    return _parcel(uow, channel, message)


def _parcel(uow: UnitOfWork, channel: Channel, message: Message) -> Parcel | None:
    parcel = pack(uow, message, channel).named()
    if parcel.lacks_file:
        message.fail("file_gone", "the file of this message is no longer in the store")
        return None
    message.claim(uow.now)
    message.external_id = parcel.external_id
    return parcel


def _follows_one_that_waits(uow: UnitOfWork, message: Message) -> bool:
    """Let it wait with what was said before it in its chat, and waits for its number's pace."""
    before = Messages(uow).waiting_before(message)
    if before is None or before.not_before is None:
        return False
    if before.not_before <= uow.now:
        raise Busy("what was said before it in its chat is being sent just now")
    hold(uow, message, before.not_before, has_turn=False)
    return True


def _left_behind(uow: UnitOfWork, message: Message) -> None:
    """Somebody claimed it and is still at it, or is gone: then nobody knows whether it was sent."""
    if message.claimed_at is not None and uow.now - message.claimed_at < LEASE:
        raise Busy("another copy of this message's sending is under way")
    _lose_track(uow, message)


def _lose_track(uow: UnitOfWork, message: Message) -> None:
    message.lose_track(uow.now)
    uow.schedule(ReconcileMessage(message_id=message.id, attempt=1), at=uow.now + BETWEEN_LOOKS / 4)


def _call(parcel: Parcel) -> Sent | WahaError:
    try:
        with open_waha(parcel.channel) as waha:
            return parcel.send(waha)
    except WahaError as error:
        say("sending did not succeed", outcome=type(error).__name__, message_id=parcel.message_id)
        return error


def _record(transactions: Transactions, parcel: Parcel, outcome: Sent | WahaError) -> None:
    with transactions.begin() as uow:
        if isinstance(outcome, Sent):
            lock_ids(uow, parcel.channel.id, outcome.external_id)
        message = _locked(uow, parcel.message_id)
        if isinstance(outcome, Sent):
            _found(uow, message, outcome.external_id, outcome.provider_id)
        elif message.status is MessageStatus.SENDING:
            _not_sent(uow, message, outcome)
        uow.commit()


def _locked(uow: UnitOfWork, message_id: UUID) -> Message:
    """The message, once nobody else works on its chat; the chat is always locked first."""
    chat_id = Messages(uow).get(message_id).chat_id
    Chats(uow).get(chat_id, lock=True)
    message = Messages(uow).get(message_id, lock=True)
    if message.chat_id != chat_id:
        raise Stale  # The chat became one with another just now: that is the one to lock.
    return message


def _not_sent(uow: UnitOfWork, message: Message, outcome: WahaError) -> None:
    if isinstance(outcome, Unreachable | NotNow):
        _not_sent_yet(uow, message, outcome)
    elif isinstance(outcome, Refused):
        message.fail(outcome.code, outcome.sentence)
        if outcome.code == TIMELOCKED:
            close_new_chats(uow, Channels(uow).get(message.channel_id))
    else:
        _lose_track(uow, message)


def _not_sent_yet(uow: UnitOfWork, message: Message, outcome: Unreachable | NotNow) -> None:
    """It was certainly not sent, and may be in a while; after ten minutes that is for a person to ask."""
    if uow.now - message.due_at <= PATIENCE:
        message.put_back()
        withdraw_if_outdated(uow, message)
    elif isinstance(outcome, NotNow):
        message.fail(outcome.code, outcome.sentence, retryable=True)
    else:
        message.fail("unreachable", "the WAHA server could not be reached for ten minutes", retryable=True)


def _found(uow: UnitOfWork, message: Message, external_id: str, provider_id: str | None = None) -> None:
    """The provider has it, under this id."""
    message.was_sent(_own_id(uow, message, external_id), provider_id)
    if message.external_id == external_id:
        serve_waiting(uow, message)


def _own_id(uow: UnitOfWork, message: Message, external_id: str) -> str | None:
    """The provider's id, unless its echo was already kept as a message of its own."""
    ours = messages.c.channel_id == message.channel_id, messages.c.external_id == external_id
    other = Messages(uow).first(*ours)
    return external_id if other is None or other.id == message.id else None


def reconcile(transactions: Transactions, message_id: UUID, attempt: int) -> None:
    """Look in the provider's history for a message whose outcome is unknown; it is never sent again."""
    with transactions.begin() as uow:
        message = Messages(uow).first(messages.c.id == message_id)
        if message is None or message.status is not MessageStatus.UNKNOWN:
            return
        parcel = pack(uow, message, Channels(uow).get(message.channel_id))
        since = (message.claimed_at or message.sent_at) - timedelta(minutes=1)
    found = _look(parcel, since)
    retried(lambda: _reconciled(transactions, parcel.channel.id, message_id, attempt, found))


def _look(parcel: Parcel, since: datetime) -> list[InboundMessage]:
    try:
        with open_waha(parcel.channel) as waha:
            history = waha.messages(parcel.address, since)
    except WahaError as error:
        say("history not read", outcome=type(error).__name__, message_id=parcel.message_id)
        return []
    return [each for each in history if each.from_me and _fits(each, parcel)]


def _fits(told: InboundMessage, parcel: Parcel) -> bool:
    if parcel.external_id is not None:
        return told.external_id == parcel.external_id
    return is_echo(parcel.draft, told)


def _reconciled(
    transactions: Transactions, channel_id: UUID, message_id: UUID, attempt: int, found: list[InboundMessage]
) -> None:
    with transactions.begin() as uow:
        lock_ids(uow, channel_id, *(each.external_id for each in found))
        message = Messages(uow).get(message_id, lock=True)
        if message.status is not MessageStatus.UNKNOWN or not transactions.once(uow):
            return
        fitting = next((each for each in found if _own_id(uow, message, each.external_id)), None)
        if fitting is not None:
            _found(uow, message, fitting.external_id, fitting.provider_id)
        elif uow.now - (message.unknown_since or uow.now) < PATIENCE:
            uow.schedule(ReconcileMessage(message_id=message_id, attempt=attempt + 1), at=uow.now + BETWEEN_LOOKS)
        uow.commit()
