"""What comes before its chat is known, and waits for it by the chat's address: that it was put away, and labels."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Sql

# Deliveries are taken without SQLAlchemy, and reach this.
if TYPE_CHECKING:
    from shared.runtime.work import UnitOfWork

ARCHIVE, LABEL = "archive", "label"
# Of each label that a chat is known to have, or not to have: `is_on`, and the `stamp` of who last said so.
Labels = dict[str, dict[str, Any]]
_NEVER = {"stamp": "", "is_on": False}
_WAIT = """
insert into early_events as known (tenant_id, project_id, channel_id, external_id, kind, key, value, at)
values (:tenant_id, :project_id, :channel_id, :address, :kind, :key, cast(:value as jsonb), :at) on conflict do nothing
"""
_WAITING = """
with found as (
    delete from early_events
    where tenant_id = :tenant_id and channel_id = :channel_id and external_id = :address returning *
)
select row_to_json(e) from found e order by kind, key
"""
TAKEN = """
delete from early_events where tenant_id = :tenant_id and channel_id = :channel_id
  and external_id = any(array(select jsonb_array_elements_text(cast(:addresses as jsonb))))
"""
_LABEL = """
insert into chat_labels as known (tenant_id, project_id, chat_id, label, is_on, stamp)
values (:tenant_id, :project_id, :chat_id, :label, :is_on, :stamp)
on conflict (tenant_id, chat_id, label) do update set is_on = excluded.is_on, stamp = excluded.stamp
where known.stamp < excluded.stamp
"""


def wait(
    *, tenant_id: UUID, project_id: UUID, channel_id: UUID, address: str, kind: str, key: str, value: Any, at: datetime
) -> Sql:
    """The statement that lets something wait for the chat at an address; `key` is its stamp."""
    names = {"tenant_id": tenant_id, "project_id": project_id, "channel_id": channel_id, "address": address}
    return Sql(_WAIT, {**names, "kind": kind, "key": key, "value": as_json(value), "at": at})


def settle(chat: Chat, rows: Iterable[Mapping[str, Any]], labels: Labels) -> list[Sql]:
    """Give the chat what waited for it."""
    statements = []
    for row in rows:
        if row["kind"] == ARCHIVE:
            chat.archive(row["key"], is_archived=row["value"])
        elif row["kind"] == LABEL:
            label = row["value"]
            statements += put_label(chat, label["label"], row["key"], labels, is_on=label["is_on"])
    return statements


def put_label(chat: Chat, label: str, stamp: str, labels: Labels, *, is_on: bool) -> list[Sql]:
    """Put a label on, or take it off, unless something later is known of it."""
    known = labels.get(label, _NEVER)
    if stamp <= known["stamp"]:
        return []
    labels[label] = {"stamp": stamp, "is_on": is_on}
    if is_on != known["is_on"]:
        chat.labelled(label, is_on=is_on)
    names = {"tenant_id": chat.tenant_id, "project_id": chat.project_id, "chat_id": chat.id}
    return [Sql(_LABEL, {**names, "label": label, "is_on": is_on, "stamp": stamp})]


def serve_waiting(uow: "UnitOfWork", chat: Chat, address: str) -> None:
    """Let a chat that has just come to an address have what waited for it there; the address is locked."""
    names = {"tenant_id": chat.tenant_id, "channel_id": chat.channel_id, "address": address}
    rows = [json.loads(row[0] or "") for row in uow.run(Sql(_WAITING, names))[0]]
    if rows:
        uow.run(*settle(chat, rows, {}))
