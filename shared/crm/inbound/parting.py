"""Two contacts that became one are two again: each row goes back to whoever had it, and nothing is lost.

What came since stays with the contact that lived on, in whose chat it was said.
"""

from typing import Any
from uuid import UUID

from pydantic_core import from_json

from shared.crm.chats.model import ChatStatus
from shared.crm.chats.store import Chats
from shared.crm.contacts.model import Contact
from shared.crm.contacts.store import Contacts
from shared.crm.inbound.merge import UNITED
from shared.crm.inbound.moves import ALL_MOVES
from shared.kernel.errors import Conflict, NotFound
from shared.runtime.bulk import revive
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Sql
from shared.runtime.work import UnitOfWork

_MERGE = """
select row_to_json(m) from contact_merges m where tenant_id = :tenant_id and id = :id and contact_id = :contact_id
for update
"""
_LATER = """
select 1 from contact_merges
where tenant_id = :tenant_id and contact_id = :contact_id and undone_at is null and merged_at > :merged_at limit 1
"""
_UNDONE = "update contact_merges set undone_at = clock_timestamp() where tenant_id = :tenant_id and id = :merge_id"
# All of a chat's sessions that were alive then are as they were; only that none is open yet.
_SESSIONS = """
update sessions s set chat_id = was.chat_id, contact_id = was.contact_id, status = 'closed', merged_into_id = null,
    started_at = was.started_at, last_message_at = was.last_message_at, outcome = was.outcome,
    ended_at = coalesce(was.ended_at, was.last_message_at + make_interval(mins => was.timeout_minutes)),
    close_reason = coalesce(was.close_reason, 'timeout'), held_by = was.held_by, held_since = was.held_since,
    agent_id = was.agent_id, version = s.version + 1, updated_at = now()
from jsonb_populate_recordset(null::sessions, cast(:rows as jsonb)) as was
where s.tenant_id = :tenant_id and s.id = was.id
"""
_GROUPS = """
update message_groups g set chat_id = was.chat_id, contact_id = was.contact_id, version = g.version + 1
from jsonb_populate_recordset(null::message_groups, cast(:rows as jsonb)) as was
where g.tenant_id = :tenant_id and g.id = was.id
"""
# What came since may lie in a session that went back to the other chat.
_STRAYED = """
update {table} t set session_id = (
    select s.id from sessions s
    where s.tenant_id = t.tenant_id and s.chat_id = t.chat_id and s.status <> 'merged'
    order by s.started_at > t.{at}, abs(extract(epoch from s.started_at - t.{at})) limit 1), version = t.version + 1
from sessions strange
where t.tenant_id = :tenant_id and strange.tenant_id = t.tenant_id and strange.id = t.session_id
  and strange.chat_id <> t.chat_id
  and t.chat_id = any(array(select jsonb_array_elements_text(cast(:chats as jsonb))::uuid))
"""
STRAYED = tuple(
    _STRAYED.format(table=table, at=at)
    for table, at in (("messages", "sent_at"), ("message_groups", "opened_at"), ("ai_runs", "started_at"))
)
_BOUNDS = """
update sessions s set started_at = least(s.started_at, said.first),
    last_message_at = greatest(s.last_message_at, said.last), version = s.version + 1
from (
    select session_id, min(sent_at) as first, max(sent_at) as last from messages
    where tenant_id = :tenant_id
      and chat_id = any(array(select jsonb_array_elements_text(cast(:chats as jsonb))::uuid)) group by session_id
) as said
where s.tenant_id = :tenant_id and s.id = said.session_id and s.status <> 'merged'
  and (said.first < s.started_at or said.last > s.last_message_at)
"""
# The last session of a chat that had an open one is open again; the sweeper closes it if it has been silent.
_REOPEN = """
update sessions s set status = 'open', ended_at = null, close_reason = null, outcome = null, version = s.version + 1
from jsonb_populate_recordset(null::sessions, cast(:rows as jsonb)) as was
where s.tenant_id = :tenant_id and s.id = was.id and was.status = 'open' and s.status = 'closed' and not exists (
    select from sessions later where later.tenant_id = s.tenant_id and later.chat_id = s.chat_id
      and later.status <> 'merged' and later.id <> s.id
      and (later.status = 'open' or (later.started_at, later.id) > (s.started_at, s.id)))
"""
_UNITED_GONE = """
delete from {table} t using jsonb_populate_recordset(null::{table}, cast(:rows as jsonb)) as was
where t.tenant_id = :tenant_id and t.contact_id = :survivor and {same}
"""
_UNITED_BACK = """
insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))
on conflict do nothing
"""
_LABELS_GONE = """
delete from chat_labels where tenant_id = :tenant_id
  and chat_id in (select was.chat_id from jsonb_populate_recordset(null::chat_labels, cast(:rows as jsonb)) as was)
"""


def part(uow: UnitOfWork, contact_id: UUID, merge_id: UUID) -> Contact:
    """Undo that another contact became one with this one; gives the other, restored.

    NotFound: there was no such merge. Conflict: it was undone before, or something later must be undone first.
    """
    merge = _undoable(uow, contact_id, merge_id)
    before = merge["before"]
    ids = sorted([contact_id, UUID(merge["merged_id"])])
    found = {each: Contacts(uow).get(each, lock=True) for each in ids}
    survivor, other = found[contact_id], found[UUID(merge["merged_id"])]
    if survivor.merged_into_id:
        raise Conflict("this contact became one with another since; undo that first", code="merged_since")
    were = {each.id: each for each in (revive(Contact, row) for row in before["contacts"])}
    survivor.release(other, were[survivor.id])
    Contacts(uow).touch(survivor)
    _part_chats(uow, before, other.id)
    names = {"tenant_id": uow.tenant_id, "merge_id": merge_id}
    uow.run(*(Sql(move.back(), names) for move in ALL_MOVES))
    uow.run(*_sessions_back(uow, before), *_united_back(uow, before, survivor.id), Sql(_UNDONE, names))
    return other


def _undoable(uow: UnitOfWork, contact_id: UUID, merge_id: UUID) -> dict[str, Any]:
    names = {"tenant_id": uow.tenant_id, "contact_id": contact_id}
    rows = uow.run(Sql(_MERGE, {**names, "id": merge_id}))[0]
    if not rows:
        raise NotFound("this contact did not become one with another in such a merge")
    merge: dict[str, Any] = from_json(rows[0][0] or "{}")
    if merge["undone_at"]:
        raise Conflict("this merge was undone before", code="undone_before")
    if uow.run(Sql(_LATER, {**names, "merged_at": merge["merged_at"]}))[0]:
        raise Conflict("this contact became one with yet another since; undo that first", code="merged_since")
    return merge


def _part_chats(uow: UnitOfWork, before: dict[str, Any], other_id: UUID) -> None:
    """Give the other contact its chats back; those of the survivor are locked with them."""
    for row in before["chats"]:
        chat = Chats(uow).get(UUID(row["id"]), lock=True)
        if row["contact_id"] == str(other_id):
            chat.part(other_id, ChatStatus(row["status"]))


def _sessions_back(uow: UnitOfWork, before: dict[str, Any]) -> list[Sql]:
    """Cut the two conversations as they were cut, as far as what was said since allows."""
    sessions = {"tenant_id": uow.tenant_id, "rows": as_json(before.get("sessions", []))}
    groups = {"tenant_id": uow.tenant_id, "rows": as_json(before.get("message_groups", []))}
    chats = {"tenant_id": uow.tenant_id, "chats": [row["id"] for row in before["chats"]]}
    strayed = [Sql(text, chats) for text in STRAYED]
    return [Sql(_SESSIONS, sessions), Sql(_GROUPS, groups), *strayed, Sql(_BOUNDS, chats), Sql(_REOPEN, sessions)]


def _united_back(uow: UnitOfWork, before: dict[str, Any], survivor_id: UUID) -> list[Sql]:
    """Part the rows that became one, into what each of the two had."""
    statements = []
    for table, key in UNITED.items():
        same = " and ".join(f"t.{column} = was.{column}" for column in key.split(", "))
        gone = _UNITED_GONE.format(table=table, same=same)
        names = {"tenant_id": uow.tenant_id, "survivor": survivor_id}
        statements += _replaced(table, before[table], Sql(gone, names))
    labels = before.get("chat_labels", [])
    return [*statements, *_replaced("chat_labels", labels, Sql(_LABELS_GONE, {"tenant_id": uow.tenant_id}))]


def _replaced(table: str, rows: list[dict[str, Any]], gone: Sql) -> list[Sql]:
    """What is there now goes, and the rows as they were come back."""
    if not rows:
        return []
    told = {"rows": as_json(rows)}
    back = _UNITED_BACK.format(table=table, columns=", ".join(rows[0]))
    return [Sql(gone.text, {**gone.values, **told}), Sql(back, told)]
