"""Having a channel's provider connect it, disconnect it, and deliver here."""

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from shared.crm.channels.connection import open_sessions
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.secrets import webhook_url
from shared.crm.channels.store import Channels, channels
from shared.crm.channels.tasks import CheckChannel
from shared.providers.waha.client import Refused, WahaError
from shared.providers.waha.sessions import SessionControl
from shared.runtime.consume import Busy, Transactions
from shared.runtime.retry import retried
from shared.runtime.sealing import unseal
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

# All that is taken in; `message` is left out, for `message.any` tells of the same and of more.
EVENTS = (
    "session.status",
    "message.any",
    "message.ack",
    "message.ack.group",
    "message.reaction",
    "message.edited",
    "message.revoked",
    "message.waiting",
    "poll.vote",
    "poll.vote.failed",
    "event.response",
    "event.response.failed",
    "group.v2.join",
    "group.v2.leave",
    "group.v2.participants",
    "group.v2.update",
    "presence.update",
    "chat.archive",
    "call.received",
    "call.accepted",
    "call.rejected",
    "label.upsert",
    "label.deleted",
    "label.chat.added",
    "label.chat.deleted",
)


def start(transactions: Transactions, channel_id: UUID) -> None:
    """Have an active channel connected, and say what came of it. Busy: nobody knows yet."""

    def done(uow: UnitOfWork, channel: Channel, refusal: Refused | None) -> None:
        channel.was_activated() if refusal is None else channel.was_not_activated(refusal.code)
        uow.schedule(CheckChannel(channel_id=channel.id))

    _tell(transactions, channel_id, ChannelStatus.ACTIVE, lambda session, _: session.begin(), done)


def stop(transactions: Transactions, channel_id: UUID, *, logout: bool) -> None:
    """Have a channel disconnected, unless it is wanted again by now."""
    _tell(
        transactions,
        channel_id,
        ChannelStatus.INACTIVE,
        lambda session, _: session.unpair() if logout else session.end(),
        lambda *_: None,
    )


def retire(transactions: Transactions, channel_id: UUID) -> None:
    """Have a deleted channel's provider forget our address, and disconnect a session that no other channel is for."""
    with transactions.begin() as uow:
        channel = Channels(uow).first(channels.c.id == channel_id)
        is_shared = channel is not None and Channels(uow).has_another(channel)

    def tell(session: SessionControl, channel: Channel) -> None:
        session.deliver_no_more_to(address_of(channel))
        if not is_shared:
            session.end()

    _tell(transactions, channel_id, ChannelStatus.INACTIVE, tell, lambda *_: None)


def configure(transactions: Transactions, channel_id: UUID) -> None:
    """Have the provider deliver here, signed with the channel's key."""

    def tell(session: SessionControl, channel: Channel) -> None:
        session.deliver_to(address_of(channel), _secret(channel, "hmac_key", channel.hmac_key_sealed), EVENTS)

    def done(_: UnitOfWork, channel: Channel, refusal: Refused | None) -> None:
        if refusal is None:
            channel.webhook_is_configured(EVENTS)

    _tell(transactions, channel_id, ChannelStatus.ACTIVE, tell, done)


def _tell(
    transactions: Transactions,
    channel_id: UUID,
    wanted: ChannelStatus,
    tell: Callable[[SessionControl, Channel], None],
    done: Callable[[UnitOfWork, Channel, Refused | None], None],
) -> None:
    """Tell the provider of a channel that still is as it is wanted, and write down what came of it.

    To tell it twice does no harm, so what nobody heard the end of is told again.
    """
    with transactions.begin() as uow:
        channel = Channels(uow).first(channels.c.id == channel_id)
    if channel is None or channel.status is not wanted:
        return
    refusal = _outcome(channel, tell)
    retried(lambda: _written(transactions, channel_id, refusal, done))


def _outcome(channel: Channel, tell: Callable[[SessionControl, Channel], None]) -> Refused | None:
    try:
        with open_sessions(channel) as session:
            tell(session, channel)
    except Refused as refusal:
        say("the provider will not", level=30, code=refusal.code, channel_id=channel.id)
        return refusal
    except WahaError as error:
        raise Busy(error.sentence) from error
    return None


def _written(
    transactions: Transactions,
    channel_id: UUID,
    refusal: Refused | None,
    done: Callable[[UnitOfWork, Channel, Refused | None], None],
) -> None:
    with transactions.begin() as uow:
        channel = Channels(uow).first(channels.c.id == channel_id, lock=True)
        if channel is not None and transactions.once(uow):
            done(uow, channel, refusal)
            uow.commit()


def address_of(channel: Channel) -> str:
    """Where the channel's provider is to deliver; it holds a secret."""
    return webhook_url(channel.tenant_id, _secret(channel, "token", channel.token_sealed))


def is_told(address: str, channel: Channel) -> bool:
    """Whether an address is the channel's own, as it is now."""
    own, told = urlsplit(address_of(channel)), urlsplit(address)
    return (own.hostname, own.path) == (told.hostname, told.path)


def _secret(channel: Channel, name: str, sealed: str) -> str:
    return unseal(sealed, belongs_to=f"channel:{channel.id}:{name}")
