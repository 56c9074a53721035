"""What WhatsApp keeps a number from, as those who send by it find and meet it."""

from datetime import datetime

from shared.crm.channels.health_store import Healths, channel_health
from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.crm.channels.tasks import CheckChannel
from shared.runtime.work import UnitOfWork


def closed_until(uow: UnitOfWork, channel: Channel) -> datetime | None:
    """Until when the number may open no chats; None: it may. Whoever is told of an end has it until they commit."""
    ours = channel_health.c.id == channel.id
    health = Healths(uow).first(ours)
    if health is None or health.may_open_chats(uow.now):
        return None
    # Were it lifted meanwhile, what waits for it would not be found by whoever lets it go.
    locked = Healths(uow).first(ours, lock=True)
    return locked.closed_until(uow.now) if locked else None


def met_lock(uow: UnitOfWork, channel: Channel) -> datetime:
    """Note that WhatsApp refused to open a chat, and have the provider asked for how long; until when it is believed.

    The channel is locked before its health, as by everybody.
    """
    channel = Channels(uow).get(channel.id, lock=True)
    health = Healths(uow).of(channel)
    is_news = health.refused(uow.now)
    ends = health.closed_until(uow.now) or uow.now
    if is_news:
        channel.restricted(may_open_chats=False, until=health.timelocked_until)
        uow.schedule(CheckChannel(channel_id=channel.id))
    return ends
