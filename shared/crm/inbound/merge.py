"""Two contacts who turn out to be one person become one, and their chats on each channel become one chat."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.contacts.model import Contact, with_variants
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.moves import CHAT_MOVES, CONTACT_MOVES, GROUP_MOVES, move, move_session
from shared.crm.inbound.picture import Wanted
from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.crm.sessions.model import Session, SessionStatus
from shared.runtime.postgres import Row, Sql

Run = Callable[..., list[list[Row]]]

_READ = """
select json_build_object(
    'now', clock_timestamp(),
    'contacts', (select json_agg(c) from contacts c where c.tenant_id = :tenant_id and c.id in (:survivor, :other)),
    'chats', (
        select coalesce(json_agg(c order by c.id), '[]') from chats c
        where c.tenant_id = :tenant_id and c.status <> 'merged' and c.contact_id in (:survivor, :other)))
"""
_READ_CHATS = """
select json_build_object(
    'now', clock_timestamp(),
    'sessions', (
        select coalesce(json_agg(s), '[]') from sessions s
        where s.tenant_id = :tenant_id and s.status <> 'merged' and s.chat_id in (:survivor, :other)),
    'groups', (
        select coalesce(json_agg(g order by g.opened_at), '[]') from message_groups g
        where g.tenant_id = :tenant_id and g.status = 'pending' and g.chat_id in (:survivor, :other)))
"""


def merge_contacts(run: Run, tenant_id: UUID, survivor_id: UUID, other_id: UUID) -> Ledger:
    """Move everything of one contact to another, in the transaction that `run` works in.

    The ledger that comes back holds the aggregates whose events are still to be collected.
    """
    names = {"tenant_id": tenant_id, "survivor": survivor_id, "other": other_id}
    seen = _json(run(Sql(_READ, names)))
    ledger = Ledger()
    contacts = {each.id: each for each in ledger.load_all("contacts", Contact, seen["contacts"])}
    survivor, other = contacts[survivor_id], contacts[other_id]
    survivor.absorb(other)
    move(ledger, CONTACT_MOVES, **names)
    chats = ledger.load_all("chats", Chat, seen["chats"])
    for chat in [each for each in chats if each.contact_id == other_id]:
        twin = next((c for c in chats if c.contact_id == survivor_id and c.channel_id == chat.channel_id), None)
        if twin is None:
            chat.contact_id = survivor_id
        else:
            _merge_chat(run, ledger, twin, chat)
    run(*ledger.write().statements)
    return ledger


def _merge_chat(run: Run, ledger: Ledger, survivor: Chat, other: Chat) -> None:
    names = {"tenant_id": survivor.tenant_id, "survivor": survivor.id, "other": other.id}
    seen = _json(run(Sql(_READ_CHATS, names)))
    survivor.absorb(other)
    move(ledger, CHAT_MOVES, **names)
    _merge_sessions(ledger, ledger.load_all("sessions", Session, seen["sessions"]), survivor)
    _merge_groups(ledger, ledger.load_all("message_groups", MessageGroup, seen["groups"]), survivor)


def _merge_sessions(ledger: Ledger, sessions: list[Session], chat: Chat) -> None:
    """Cut the common conversation anew: sessions that touch become one, and only the last may be open."""
    current: Session | None = None
    for session in sorted(sessions, key=lambda each: each.started_at):
        session.chat_id, session.contact_id = chat.id, chat.contact_id
        if current is not None and current.reaches(session.started_at):
            current.absorb(session)
            move_session(ledger, current, session)
            continue
        if current is not None and current.status is SessionStatus.OPEN:
            current.expire()
        current = session


def _merge_groups(ledger: Ledger, groups: list[MessageGroup], chat: Chat) -> None:
    """One burst may wait in a chat: the later joins the earlier."""
    for group in groups:
        group.chat_id, group.contact_id = chat.id, chat.contact_id
    for gone in groups[1:]:
        gone.status, gone.closed_at = GroupStatus.COMPLETED, gone.deadline_at
        gone.settle(Outcome.SUPERSEDED, "its chat became one with another")
        groups[0].deadline_at = min(max(groups[0].deadline_at, gone.deadline_at), groups[0].latest_deadline_at)
        move(ledger, GROUP_MOVES, tenant_id=chat.tenant_id, survivor=groups[0].id, other=gone.id)


def _json(rows: list[list[Row]]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rows[0][0][0] or "{}")
    return found


def next_merge(wanted: Wanted, seen: dict[str, Any]) -> tuple[UUID, UUID] | None:
    """The next two contacts that the picture shows to be one person: the older survives."""
    known = seen.get("identities", ())
    owners = {(each["kind"], each["issuer"], each["value"]): UUID(each["contact_id"]) for each in known}
    for person in wanted.people:
        told = [spelling for identity in person.identities for spelling, _ in with_variants(identity)]
        same = {owners[key] for each in told if (key := (each.kind, each.issuer, each.value)) in owners}
        if wanted.is_individual:
            same |= {UUID(each["contact_id"]) for each in seen["chats"] if each["contact_id"]}
        if len(same) > 1:
            survivor, other, *_ = sorted(same)
            return survivor, other
    return None
