"""A message's turn in its number's pace. One row is one number: whoever takes a turn waits for the one before."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.crm.channels.model import Channel
from shared.crm.channels.pace import LATE, Asking, Brake, Used, Wait, turn
from shared.crm.messages.model import Message
from shared.crm.messages.tasks import ResumeMessage
from shared.runtime.postgres import Sql
from shared.runtime.work import UnitOfWork

LOCKED_FOR = timedelta(hours=24)  # how long no chats are begun when WhatsApp does not say
# Nobody has answered there, and nothing of ours has come through: to write is to begin the chat.
_OPENS = """
select not exists (
    select from messages m where m.tenant_id = :tenant_id and m.chat_id = :chat_id and m.id <> :message_id
      and (m.direction = 'inbound' or m.status in ('sent', 'delivered', 'read', 'played', 'unknown')))
from chats c where c.tenant_id = :tenant_id and c.id = :chat_id and c.kind = 'individual'
"""
_CLOSED = f"""
select json_build_object('closed_until', (
        select p.closed_until from send_paces p where p.tenant_id = :tenant_id and p.channel_id = :channel_id),
    'opens', coalesce(({_OPENS}), false))
"""  # noqa: S608 - our own words
# Nothing is changed, but the row is there and ours from here on, as it is after whoever had it before.
_TAKE = """
insert into send_paces as p (tenant_id, project_id, channel_id, next_at, opened_on)
values (:tenant_id, :project_id, :channel_id, :now, cast(:now as timestamptz)::date)
on conflict (tenant_id, channel_id) do update set next_at = p.next_at
returning json_build_object(
    'next_at', p.next_at, 'opened_on', p.opened_on, 'opened', p.opened, 'closed_until', p.closed_until,
    'throttled_until', p.throttled_until,
    'zone', (select timezone from projects where tenant_id = :tenant_id and id = :project_id),
    'since', (select created_at from channels where tenant_id = :tenant_id and id = :channel_id))
"""
_KEEP = """
update send_paces set next_at = :next_at, opened_on = :opened_on, opened = :opened, throttled_until = :throttled_until
where tenant_id = :tenant_id and channel_id = :channel_id
"""
_CLOSE = """
insert into send_paces as p (tenant_id, project_id, channel_id, next_at, opened_on, closed_until)
values (:tenant_id, :project_id, :channel_id, :now, cast(:now as timestamptz)::date, :until)
on conflict (tenant_id, channel_id) do update set closed_until = greatest(p.closed_until, excluded.closed_until)
"""


def must_wait(uow: UnitOfWork, channel: Channel, message: Message) -> bool:
    """Whether the message does not go yet; then it is tried again when it may. The message is locked."""
    if message.not_before is not None and uow.now < message.not_before:
        return True
    wait = _wait(uow, channel, message)
    if wait is None:
        message.has_turn = True
    else:
        hold(uow, message, wait.until, has_turn=wait.has_turn)
    return wait is not None


def hold(uow: UnitOfWork, message: Message, until: datetime, *, has_turn: bool) -> None:
    """Let it wait, with a timer."""
    message.hold(until, has_turn=has_turn)
    uow.schedule(ResumeMessage(message_id=message.id), at=until)


def close_new_chats(uow: UnitOfWork, channel: Channel, until: datetime | None = None) -> None:
    """Begin no chats for a while, as WhatsApp lets this number begin none."""
    ends = until or uow.now + LOCKED_FOR
    uow.run(Sql(_CLOSE, {**_names(channel), "now": uow.now, "until": ends}))
    channel.throttled(Brake.REACHOUT_TIMELOCK, ends)


def _wait(uow: UnitOfWork, channel: Channel, message: Message) -> Wait | None:
    names = {**_names(channel), "chat_id": message.chat_id, "message_id": message.id}
    state = _read(uow, Sql(_CLOSED, names))
    closed_until = _moment(state["closed_until"])
    if state["opens"] and closed_until and closed_until > uow.now:
        return Wait(until=closed_until, brake=Brake.REACHOUT_TIMELOCK, has_turn=False)
    if channel.pace is None:
        return None
    had_turn_at = (message.not_before or message.sent_at) if message.has_turn else None
    return _turn(uow, channel, Asking(opens=state["opens"], had_turn_at=had_turn_at))


def _turn(uow: UnitOfWork, channel: Channel, asking: Asking) -> Wait | None:
    """Take a turn in the number's pace, or learn when there is one."""
    if channel.pace is None:
        return None
    state = _read(uow, Sql(_TAKE, {**_names(channel), "now": uow.now}))
    used = Used(
        next_at=datetime.fromisoformat(state["next_at"]),
        opened_on=date.fromisoformat(state["opened_on"]),
        opened=state["opened"],
    )
    since, zone = datetime.fromisoformat(state["since"]), ZoneInfo(state["zone"])
    used, wait = turn(channel.pace, used, asking, since=since, now=uow.now, zone=zone)
    throttled_until = _moment(state["throttled_until"])
    # Whoever waited behind another asks a little after that one went; to them it is the same brake.
    if wait and (throttled_until is None or throttled_until + LATE < uow.now):
        channel.throttled(wait.brake, wait.until)
    latest = max(filter(None, (throttled_until, wait.until if wait else None)), default=None)
    changed = {"next_at": used.next_at, "opened_on": used.opened_on, "opened": used.opened}
    uow.run(Sql(_KEEP, {**_names(channel), **changed, "throttled_until": latest}))
    return wait


def _names(channel: Channel) -> dict[str, Any]:
    return {"tenant_id": channel.tenant_id, "project_id": channel.project_id, "channel_id": channel.id}


def _read(uow: UnitOfWork, statement: Sql) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(uow.run(statement)[0][0][0] or "")
    return found


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
