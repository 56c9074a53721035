"""Looking after a channel: its provider is asked how it is, and whether it has gone silent is judged by its habits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.crm.channels.connection import open_sessions
from shared.crm.channels.health import Capping, ChannelHealth, Restrictions
from shared.crm.channels.health_store import Healths
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels, channels
from shared.providers.waha.client import Refused, Unreachable, WahaError
from shared.providers.waha.sessions import Told
from shared.runtime.consume import Transactions
from shared.runtime.postgres import sql
from shared.runtime.retry import retried
from shared.runtime.settings import settings
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

WORKING = "working"
HABIT_DAYS, ON_AT_LEAST = 7, 4
# When it was last heard of, and on how many of the last days it was at this hour.
_HEARD = """
select json_build_object(
    'last', (select max(received_at) from inbound_deliveries
        where tenant_id = :tenant_id and channel_id = :channel_id and status <> 'misdirected'),
    'days', (select count(*) from generate_series(1, :days) as past (day) where exists (
        select 1 from inbound_deliveries
        where tenant_id = :tenant_id and channel_id = :channel_id and status <> 'misdirected'
            and received_at <= cast(:now as timestamptz) - make_interval(days => past.day)
            and received_at > cast(:now as timestamptz) - make_interval(days => past.day, mins => :minutes))))
"""


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """When a channel was last heard of, by any delivery, and whether it usually is at this hour."""

    last: datetime | None
    is_usual: bool

    def is_silent(self, now: datetime, patience: timedelta) -> bool:
        """Whether it is quiet for longer than one waits, at an hour at which it usually is not."""
        return self.is_usual and self.last is not None and now - self.last >= patience


def check(transactions: Transactions, channel_id: UUID) -> None:
    """Ask the provider how an active channel is, and write down what is found."""
    with transactions.begin() as uow:
        channel = Channels(uow).first(channels.c.id == channel_id)
        asked_at = uow.now
    if channel is None or channel.status is not ChannelStatus.ACTIVE:
        return
    answer = _ask(channel)
    retried(lambda: _record(transactions, channel_id, answer, asked_at))


def _ask(channel: Channel) -> Told | WahaError:
    try:
        with open_sessions(channel) as sessions:
            return sessions.look()
    except WahaError as error:
        say("the provider did not say how a channel is", outcome=type(error).__name__, channel_id=channel.id)
        return error


def _record(transactions: Transactions, channel_id: UUID, answer: Told | WahaError, asked_at: datetime) -> None:
    with transactions.begin() as uow:
        channel = Channels(uow).first(channels.c.id == channel_id, lock=True)
        if channel is None:
            return
        health = Healths(uow).of(channel)
        if isinstance(answer, Told):
            _believe(channel, health, answer, asked_at)
        else:
            health.unanswered(problem_of(answer), asked_at)
        _listen(uow, channel, health)
        uow.commit()


def _believe(channel: Channel, health: ChannelHealth, told: Told, at: datetime) -> None:
    phone = told.state.phone.value if told.state.phone else None
    channel.connection_is(told.state.status.lower()[:40], at, phone)
    if health.answered(_restrictions(told), at):
        channel.restricted(may_open_chats=health.may_open_chats(at), until=health.timelocked_until)


def _restrictions(told: Told) -> Restrictions:
    word = (told.capping or "").lower()
    return Restrictions(
        timelocked=told.timelocked,
        timelocked_until=told.timelocked_until,
        capping=Capping(word) if word in set(Capping) else None,
        used=told.used,
        total=told.total,
        resets_at=told.resets_at,
    )


def _listen(uow: UnitOfWork, channel: Channel, health: ChannelHealth) -> None:
    """Note a silence when it begins and when it has ended; who is not connected is not silent but away."""
    minutes = int(settings().channel_silence_minutes)
    heard = hearing(uow, channel, minutes)
    if health.silent_since and heard.last and heard.last > health.silent_since:
        health.heard()
    is_silent = heard.is_silent(uow.now, timedelta(minutes=minutes)) and channel.connection == WORKING
    if minutes and is_silent and heard.last and health.silent(heard.last):
        channel.fell_silent(since=heard.last)


def hearing(uow: UnitOfWork, channel: Channel, minutes: int) -> Hearing:
    names = {"tenant_id": uow.tenant_id, "channel_id": channel.id, "now": uow.now.isoformat()}
    rows = uow.run(sql(_HEARD, **names, days=HABIT_DAYS, minutes=minutes))[0]
    told: Mapping[str, Any] = json.loads(rows[0][0] or "")
    last = datetime.fromisoformat(told["last"]) if told["last"] else None
    return Hearing(last=last, is_usual=told["days"] >= ON_AT_LEAST)


def problem_of(error: WahaError) -> str:
    """A code for why the provider did not say how it is."""
    if isinstance(error, Refused):
        return error.code
    return "unreachable" if isinstance(error, Unreachable) else "no_answer"
