"""Chats that are put away or labelled, and what a channel's labels are called."""

from datetime import datetime
from typing import Any

from shared.crm.channels.model import Channel
from shared.crm.chats import waiting
from shared.crm.chats.model import Chat
from shared.crm.inbound.gate import Gate
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.picture import Wanted
from shared.kernel.inbound import ChatArchived, ChatLabel, Label

_KEEP = """
insert into channel_labels as known (tenant_id, project_id, channel_id, label, name, color, deleted_at, stamp)
values (:tenant_id, :project_id, :channel_id, :label, :name, :color, :deleted_at, :stamp)
on conflict (tenant_id, channel_id, label) do update set
    name = coalesce(nullif(excluded.name, ''), known.name), color = coalesce(excluded.color, known.color),
    deleted_at = excluded.deleted_at, stamp = excluded.stamp
where known.stamp < excluded.stamp
"""


def take_archive(gate: Gate, _wanted: Wanted, told: ChatArchived, seen: dict[str, Any]) -> Ledger:
    """Put the chat away, or take it out again; a chat that is not known yet finds it waiting."""
    ledger = Ledger()
    if seen["chats"]:
        if not _is_outdated(told, seen["wishes"]):
            ledger.load("chats", Chat, seen["chats"][0]).archive(told.stamp, is_archived=told.is_archived)
    else:
        _wait(ledger, gate, told, seen, waiting.ARCHIVE, told.is_archived)
    return ledger


def _is_outdated(told: ChatArchived, wishes: list[str]) -> bool:
    """Whether somebody here wants it otherwise by now: the provider tells again once that is done."""
    return ("unarchive" if told.is_archived else "archive") in wishes


def take_chat_label(gate: Gate, wanted: Wanted, told: ChatLabel, seen: dict[str, Any]) -> Ledger:
    """Put the label on the chat, or take it off; a chat that is not known yet finds it waiting."""
    ledger = take_label(gate, wanted, told.definition, seen) if told.definition else Ledger()
    if seen["chats"]:
        chat = ledger.load("chats", Chat, seen["chats"][0])
        put = waiting.put_label(chat, told.label, told.stamp, seen["chat_labels"], is_on=told.is_on)
        ledger.afterwards.extend(put)
    else:
        _wait(ledger, gate, told, seen, waiting.LABEL, {"label": told.label, "is_on": told.is_on})
    return ledger


def take_label(gate: Gate, _wanted: Wanted, told: Label, seen: dict[str, Any]) -> Ledger:
    """Call a label as it is called by now, or forget it, unless something later is known."""
    ledger = Ledger()
    if told.stamp <= seen["labels"].get(told.label, ""):
        return ledger
    ledger.load("channels", Channel, seen["channel"]).labelled(told.label, is_deleted=told.is_deleted)
    ledger.last(
        _KEEP,
        tenant_id=gate.tenant_id,
        project_id=gate.project_id,
        channel_id=gate.channel_id,
        label=told.label,
        name=told.name,
        color=told.color,
        deleted_at=_at(told.at, seen) if told.is_deleted else None,
        stamp=told.stamp,
    )
    return ledger


def _wait(
    ledger: Ledger, gate: Gate, told: ChatArchived | ChatLabel, seen: dict[str, Any], kind: str, value: Any
) -> None:
    ledger.afterwards.append(
        waiting.wait(
            tenant_id=gate.tenant_id,
            project_id=gate.project_id,
            channel_id=gate.channel_id,
            address=told.chat_address,
            kind=kind,
            key=told.stamp,
            value=value,
            at=_at(told.at, seen),
        )
    )


def _at(at: datetime | None, seen: dict[str, Any]) -> datetime:
    now = datetime.fromisoformat(seen["now"])
    return min(at or now, now)
