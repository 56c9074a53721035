"""A message's turn in its number's pace. One row is one number: whoever takes a turn waits for the one before."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.crm.channels.model import Channel
from shared.crm.channels.pace import LATE, Asking, Brake, Pace, Used, Wait, turn
from shared.crm.channels.restrictions import closed_until, met_lock
from shared.crm.messages.model import Message
from shared.crm.messages.tasks import ResumeMessage
from shared.runtime.postgres import Sql
from shared.runtime.work import UnitOfWork

_OPENS = """
select to_json(not exists (
    select from messages m where m.tenant_id = :tenant_id and m.chat_id = :chat_id and m.id <> :message_id
      and m.sender_kind <> 'import'
      and (m.direction = 'inbound' or m.status in ('sent', 'delivered', 'read', 'played', 'unknown'))))
from chats c where c.tenant_id = :tenant_id and c.id = :chat_id and c.kind = 'individual'
"""
# Nothing is changed, but the row is there and ours from here on, as it is after whoever had it before.
_TAKE = """
insert into send_paces as p (tenant_id, project_id, channel_id, next_at, opened_on)
values (:tenant_id, :project_id, :channel_id, :now, cast(:now as timestamptz)::date)
on conflict (tenant_id, channel_id) do update set next_at = p.next_at
returning json_build_object(
    'next_at', p.next_at, 'opened_on', p.opened_on, 'opened', p.opened, 'throttled_until', p.throttled_until,
    'zone', (select timezone from projects where tenant_id = :tenant_id and id = :project_id),
    'since', (select created_at from channels where tenant_id = :tenant_id and id = :channel_id))
"""
_KEEP = """
update send_paces set next_at = :next_at, opened_on = :opened_on, opened = :opened
where tenant_id = :tenant_id and channel_id = :channel_id
"""
_THROTTLE = """
update send_paces set throttled_until = greatest(throttled_until, :until)
where tenant_id = :tenant_id and channel_id = :channel_id
"""


def must_wait(uow: UnitOfWork, channel: Channel, message: Message, *, begins: bool) -> bool:
    """Whether the message does not go yet; then it is tried again when it may. The message is locked.

    `begins`: it begins its chat.
    """
    if message.not_before is not None and uow.now < message.not_before:
        return True
    wait = _wait(uow, channel, message, begins=begins)
    if wait is None:
        message.has_turn = True
    else:
        hold(uow, message, wait.until, has_turn=wait.has_turn)
    return wait is not None


def hold(uow: UnitOfWork, message: Message, until: datetime, *, has_turn: bool) -> None:
    """Let it wait, with a timer."""
    message.hold(until, has_turn=has_turn)
    uow.schedule(ResumeMessage(message_id=message.id), at=until)


def close_new_chats(uow: UnitOfWork, channel: Channel) -> None:
    """Begin no chats for a while, as WhatsApp has just refused to let this number begin one."""
    ends = met_lock(uow, channel)
    _throttled(uow, channel, Wait(until=ends, brake=Brake.REACHOUT_TIMELOCK, has_turn=False), _take(uow, channel))


def _wait(uow: UnitOfWork, channel: Channel, message: Message, *, begins: bool) -> Wait | None:
    if begins and (ends := closed_until(uow, channel)):
        wait = Wait(until=ends, brake=Brake.REACHOUT_TIMELOCK, has_turn=False)
        return _throttled(uow, channel, wait, _take(uow, channel))
    if channel.pace is None:
        return None
    had_turn_at = message.due_at if message.has_turn else None
    return _turn(uow, channel, channel.pace, Asking(opens=begins, had_turn_at=had_turn_at))


def begins_chat(uow: UnitOfWork, message: Message) -> bool:
    """Whether nobody has answered where the message goes, and nothing of ours has come through.

    What only somebody else remembers says nothing: where they dialled may be nowhere on WhatsApp.
    """
    names = {"tenant_id": message.tenant_id, "chat_id": message.chat_id, "message_id": message.id}
    rows = uow.run(Sql(_OPENS, names))[0]
    return bool(rows) and json.loads(rows[0][0] or "")


def _turn(uow: UnitOfWork, channel: Channel, pace: Pace, asking: Asking) -> Wait | None:
    """Take a turn in the number's pace, or learn when there is one."""
    state = _take(uow, channel)
    used = Used(
        next_at=datetime.fromisoformat(state["next_at"]),
        opened_on=date.fromisoformat(state["opened_on"]),
        opened=state["opened"],
    )
    since, zone = datetime.fromisoformat(state["since"]), ZoneInfo(state["zone"])
    used, wait = turn(pace, used, asking, since=since, now=uow.now, zone=zone)
    changed = {"next_at": used.next_at, "opened_on": used.opened_on, "opened": used.opened}
    uow.run(Sql(_KEEP, {**_names(channel), **changed}))
    return _throttled(uow, channel, wait, state) if wait else None


def _throttled(uow: UnitOfWork, channel: Channel, wait: Wait, state: Mapping[str, Any]) -> Wait:
    """Tell that messages wait, unless that is so already."""
    told = state["throttled_until"]
    # Whoever waited behind another asks a little after that one went; to them it is the same brake.
    if told is None or datetime.fromisoformat(told) + LATE < uow.now:
        channel.throttled(wait.brake, wait.until)
    uow.run(Sql(_THROTTLE, {**_names(channel), "until": wait.until}))
    return wait


def _take(uow: UnitOfWork, channel: Channel) -> dict[str, Any]:
    """How far the number's pace is used up; nobody else takes a turn until we commit."""
    found: dict[str, Any] = json.loads(uow.run(Sql(_TAKE, {**_names(channel), "now": uow.now}))[0][0][0] or "")
    return found


def _names(channel: Channel) -> dict[str, Any]:
    return {"tenant_id": channel.tenant_id, "project_id": channel.project_id, "channel_id": channel.id}
