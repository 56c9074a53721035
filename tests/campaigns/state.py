"""All that a tenant's conversations are, told without the ids and times that differ from run to run."""

import hashlib
import json
from typing import Any

from shared.crm.chats.members import IS_IN
from tests.support.tenants import Tenant
from tests.support.world import World

Row = dict[str, Any]
_PEOPLE = """
select c.id, c.name, c.source, c.deleted_at,
    (select json_agg(i.kind || ':' || i.value order by i.kind, i.value) from contact_identities i
     where i.tenant_id = c.tenant_id and i.contact_id = c.id) as known_as
from contacts c where c.tenant_id = :tenant_id and c.merged_into_id is null
"""
_CHATS = f"""
select c.id, c.kind, c.status, c.subject, c.description, c.left_at, c.contact_id, c.last_message_at, ch.engine,
    (select json_agg(a.address order by a.address) from chat_addresses a where a.chat_id = c.id) as addresses,
    (select coalesce(json_agg(p.contact_id), '[]') from chat_participants p
     where p.chat_id = c.id and {IS_IN}) as participants,
    (select coalesce(json_agg(p.contact_id), '[]') from chat_participants p
     where p.chat_id = c.id and {IS_IN} and p.role <> 'participant') as admins,
    (select coalesce(json_agg(l.label order by l.label), '[]') from chat_labels l
     where l.chat_id = c.id and l.is_on) as labels
from chats c join channels ch on ch.tenant_id = c.tenant_id and ch.id = c.channel_id
where c.tenant_id = :tenant_id and c.status <> 'merged'
"""
_SESSIONS = """
select id, chat_id, contact_id, status, close_reason, started_at, last_message_at, ended_at, timeout_minutes, held_by,
    held_since, agent_id
from sessions where tenant_id = :tenant_id and status <> 'merged'
"""
_MESSAGES = """
select m.external_id, m.provider_id, m.chat_id, m.session_id, m.contact_id, m.sender_contact_id, m.direction,
    m.sender_kind, m.type, m.status, m.text, m.media, m.location, m.cards, m.quoted_external_id, m.sent_at,
    m.delivered_at, m.read_at, m.played_at, m.failure_code,
    m.edited_at, m.revoked_at, m.is_placeholder, q.external_id as quoted, ch.engine,
    m.message_group_id is not null as grouped
from messages m join channels ch on ch.tenant_id = m.tenant_id and ch.id = m.channel_id
left join messages q on q.tenant_id = m.tenant_id and q.id = m.quoted_message_id
where m.tenant_id = :tenant_id
"""
_RECEIPTS = """
select m.external_id, r.contact_id, r.level, r.at from message_receipts r
join messages m on m.tenant_id = r.tenant_id and m.id = r.message_id where r.tenant_id = :tenant_id
"""
_REVISIONS = """
select m.external_id, v.text, v.said_at from message_revisions v
join messages m on m.tenant_id = v.tenant_id and m.id = v.message_id where v.tenant_id = :tenant_id
"""
_REACTIONS = """
select m.external_id, r.kind, r.contact_id, r.value, r.at from message_reactions r
join messages m on m.tenant_id = r.tenant_id and m.id = r.message_id where r.tenant_id = :tenant_id
"""
_CALLS = """
select external_id, contact_id, caller_kind, caller_value, status, received_at, accepted_at, rejected_at
from calls where tenant_id = :tenant_id
"""
_PRESENCES = "select kind, value, state, last_seen_at, at from presences where tenant_id = :tenant_id"
_LABELS = """
select ch.engine, l.label, l.name, l.color, l.deleted_at from channel_labels l
join channels ch on ch.tenant_id = l.tenant_id and ch.id = l.channel_id where l.tenant_id = :tenant_id
"""
_EARLY = "select external_id, kind, contact_id, key, value, at from early_events where tenant_id = :tenant_id"
_CHANNELS = "select engine, connection, connection_at, phone from channels where tenant_id = :tenant_id"

_REST = {
    "messages": _MESSAGES,
    "receipts": _RECEIPTS,
    "revisions": _REVISIONS,
    "reactions": _REACTIONS,
    "calls": _CALLS,
    "presences": _PRESENCES,
    "labels": _LABELS,
    "early": _EARLY,
    "channels": _CHANNELS,
}


def state_of(world: World, tenant: Tenant) -> dict[str, list[Row]]:
    """Everything by table; rows name people by what they are known as, and chats by their addresses."""

    def rows(query: str) -> list[Row]:
        return world.rows(query, tenant_id=tenant.tenant_id)

    names: dict[str | None, str | None] = {None: None}
    people, chats, sessions = rows(_PEOPLE), rows(_CHATS), rows(_SESSIONS)
    names |= {row["id"]: ", ".join(row["known_as"] or ["nobody"]) for row in people}
    names |= {row["id"]: f"{row['engine']} {', '.join(row['addresses'] or ['nowhere'])}" for row in chats}
    names |= {row["id"]: f"{names.get(row['chat_id'])} from {row['started_at']}" for row in sessions}
    told = {"people": people, "chats": chats, "sessions": sessions, **{name: rows(sql) for name, sql in _REST.items()}}
    return {name: _plain(found, names) for name, found in told.items()}


def _plain(rows: list[Row], names: dict[str | None, str | None]) -> list[Row]:
    return sorted((_renamed(row, names) for row in rows), key=_text)


def _renamed(row: Row, names: dict[str | None, str | None]) -> Row:
    told = {
        name: names.get(value, "somebody who is gone") if name.endswith("_id") and not _is_outside(name) else value
        for name, value in row.items()
        if name != "id"
    }
    for people in {"participants", "admins"} & told.keys():
        told[people] = sorted(names.get(each) or "somebody who is gone" for each in row[people])
    return told


def _is_outside(name: str) -> bool:
    """Whether the id is the provider's, and so the same in every run."""
    return name in {"external_id", "provider_id", "quoted_external_id"}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def hash_of(state: dict[str, list[Row]]) -> str:
    return hashlib.sha256(_text(state).encode()).hexdigest()


def differences(one: dict[str, list[Row]], other: dict[str, list[Row]]) -> dict[str, int]:
    """How many rows of each table stand in one of the two only."""
    apart = {name: set(map(_text, one[name])) ^ set(map(_text, other[name])) for name in one}
    return {name: len(rows) for name, rows in apart.items() if rows}
