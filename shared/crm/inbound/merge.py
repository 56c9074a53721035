"""Two contacts who turn out to be one person become one, and their chats on each channel become one chat."""

from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from shared.crm.chats.model import Chat
from shared.crm.contacts.model import Contact, with_variants
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.moves import OF_CHAT, OF_CONTACT, OF_GROUP, move, move_session
from shared.crm.inbound.picture import Owners, Wanted, owners_of, read_picture
from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.crm.sessions.model import Session, SessionStatus
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Row, Sql

Run = Callable[..., list[list[Row]]]
Pair = tuple[UUID, UUID]

# Of what both may have one of, theirs and what it meets.
_UNITED = """(
    select coalesce(json_agg(r), '[]') from {table} r where r.tenant_id = :tenant_id and (r.contact_id = :other
        or r.contact_id = :survivor and ({key}) in (select {key} from {table} where tenant_id = :tenant_id
            and contact_id = :other)))"""
UNITED = {
    "chat_participants": "chat_id",
    "message_receipts": "message_id",
    "message_reactions": "message_id, kind",
    "early_events": "channel_id, external_id, kind, key",
}
_READ = f"""
select json_build_object(
    'contacts', (select json_agg(c) from contacts c where c.tenant_id = :tenant_id and c.id in (:survivor, :other)),
    'chats', (
        select coalesce(json_agg(c order by c.id), '[]') from chats c
        where c.tenant_id = :tenant_id and c.status <> 'merged' and c.contact_id in (:survivor, :other)),
    {", ".join(f"'{table}', {_UNITED.format(table=table, key=key)}" for table, key in UNITED.items())})
"""  # noqa: S608 - our own words
_READ_CHATS = """
select json_build_object(
    'sessions', (
        select coalesce(json_agg(s), '[]') from sessions s
        where s.tenant_id = :tenant_id and s.status <> 'merged' and s.chat_id in (:survivor, :other)),
    'message_groups', (
        select coalesce(json_agg(g order by g.opened_at), '[]') from message_groups g
        where g.tenant_id = :tenant_id and g.status = 'pending' and g.chat_id in (:survivor, :other)),
    'chat_labels', (
        select coalesce(json_agg(l), '[]') from chat_labels l
        where l.tenant_id = :tenant_id and l.chat_id in (:survivor, :other)))
"""
_REMEMBER = """
insert into contact_merges (id, tenant_id, project_id, contact_id, merged_id, before)
values (:id, :tenant_id, :project_id, :contact_id, :merged_id, cast(:before as jsonb))
"""
_PARTED = """
select 1 from contact_merges where tenant_id = :tenant_id and undone_at is not null
  and contact_id in (:one, :another) and merged_id in (:one, :another) limit 1
"""


def merge_all(run: Run, wanted: Wanted, *first: Sql) -> tuple[list[Aggregate], dict[str, Any]]:
    """Lock and read what a delivery names, and merge until nobody in it is two.

    `first` is sent before. The events of the aggregates that come back are still to be collected.
    """
    touched: list[Aggregate] = []
    parted: set[Pair] = set()
    seen = read_picture(run(*first, *wanted.statements()))
    while pair := next_merge(wanted, owners_of(seen), _at_home(seen), parted):
        if were_parted(run, wanted.tenant_id, pair):
            parted.add(pair)
            continue
        touched += merge_contacts(run, wanted.tenant_id, *pair).batch.aggregates
        seen = read_picture(run(*wanted.statements()))
    return touched, seen


def _at_home(seen: dict[str, Any]) -> set[UUID]:
    return {UUID(each["contact_id"]) for each in seen.get("chats", ()) if each["contact_id"]}


def next_merge(wanted: Wanted, owners: Owners, at_home: Collection[UUID], parted: Collection[Pair] = ()) -> Pair | None:
    """The next two contacts that turn out to be one person: the older survives.

    `at_home` are those whose chats are found by what is wanted.
    """
    for person in wanted.people:
        told = [spelling for identity in person.identities for spelling, _ in with_variants(identity)]
        same = {owners[key] for each in told if (key := (each.kind, each.issuer, each.value)) in owners}
        if wanted.is_individual:
            same.update(at_home)
        pair = next((pair for pair in pairs(same) if pair not in parted), None)
        if pair:
            return pair
    return None


def pairs(contacts: Iterable[UUID]) -> list[Pair]:
    """Every two of these contacts, the older first."""
    ids = sorted(contacts)
    return [(one, another) for place, one in enumerate(ids) for another in ids[place + 1 :]]


def were_parted(run: Run, tenant_id: UUID, pair: Pair) -> bool:
    """Whether somebody has undone that the two became one: then they are two, whatever is told."""
    one, another = pair
    return bool(run(Sql(_PARTED, {"tenant_id": tenant_id, "one": one, "another": another}))[0])


def merge_contacts(run: Run, tenant_id: UUID, survivor_id: UUID, other_id: UUID) -> Ledger:
    """Move everything of one contact to another, in the transaction that `run` works in.

    The ledger that comes back holds the aggregates whose events are still to be collected.
    """
    merge = _Merge(run, tenant_id, survivor_id, other_id)
    merge.settle()
    run(*merge.ledger.write().statements)
    return merge.ledger


class _Merge:
    """Two contacts becoming one; `before` is all that is changed in more than whose it is, as it was."""

    def __init__(self, run: Run, tenant_id: UUID, survivor_id: UUID, other_id: UUID) -> None:
        self.id = uuid7()
        self.run = run
        self.names = {"tenant_id": tenant_id, "survivor": survivor_id, "other": other_id}
        self.before = self._read(_READ, self.names)
        self.ledger = Ledger()

    def settle(self) -> None:
        contacts = {each.id: each for each in self.ledger.load_all("contacts", Contact, self.before["contacts"])}
        survivor, other = contacts[self.names["survivor"]], contacts[self.names["other"]]
        survivor.absorb(other, self.id)
        move(self.ledger, OF_CONTACT, **self.names, merge_id=self.id)
        chats = self.ledger.load_all("chats", Chat, self.before["chats"])
        for chat in [each for each in chats if each.contact_id == other.id]:
            twin = next((c for c in chats if c.contact_id == survivor.id and c.channel_id == chat.channel_id), None)
            if twin is None:
                chat.contact_id = survivor.id
            else:
                self._merge_chat(twin, chat)
        self._remember(survivor)

    def _merge_chat(self, survivor: Chat, other: Chat) -> None:
        names = {"tenant_id": survivor.tenant_id, "survivor": survivor.id, "other": other.id}
        seen = self._read(_READ_CHATS, names)
        for table, rows in seen.items():
            self.before.setdefault(table, []).extend(rows)
        survivor.absorb(other)
        move(self.ledger, OF_CHAT, **names, merge_id=self.id)
        self._merge_sessions(self.ledger.load_all("sessions", Session, seen["sessions"]), survivor)
        self._merge_groups(self.ledger.load_all("message_groups", MessageGroup, seen["message_groups"]), survivor)

    def _merge_sessions(self, sessions: list[Session], chat: Chat) -> None:
        """Cut the common conversation anew: sessions that touch become one, and only the last may be open."""
        current: Session | None = None
        for session in sorted(sessions, key=lambda each: each.started_at):
            session.chat_id, session.contact_id = chat.id, chat.contact_id
            if current is not None and current.reaches(session.started_at):
                current.absorb(session)
                move_session(self.ledger, current, session, self.id)
                continue
            if current is not None and current.status is SessionStatus.OPEN:
                current.expire()
            current = session

    def _merge_groups(self, groups: list[MessageGroup], chat: Chat) -> None:
        """One burst may wait in a chat: the later joins the earlier."""
        for group in groups:
            group.chat_id, group.contact_id = chat.id, chat.contact_id
        for gone in groups[1:]:
            gone.status, gone.closed_at = GroupStatus.COMPLETED, gone.deadline_at
            gone.settle(Outcome.SUPERSEDED, "its chat became one with another")
            groups[0].deadline_at = min(max(groups[0].deadline_at, gone.deadline_at), groups[0].latest_deadline_at)
            names = {"tenant_id": chat.tenant_id, "survivor": groups[0].id, "other": gone.id}
            move(self.ledger, OF_GROUP, **names, merge_id=self.id)

    def _remember(self, survivor: Contact) -> None:
        """Keep what undoing it needs; each row that only changes hands notes that itself."""
        row = {
            "id": self.id,
            "tenant_id": survivor.tenant_id,
            "project_id": survivor.project_id,
            "contact_id": survivor.id,
            "merged_id": self.names["other"],
            "before": as_json(self.before),
        }
        self.ledger.afterwards.insert(0, Sql(_REMEMBER, row))

    def _read(self, text: str, names: dict[str, UUID]) -> dict[str, Any]:
        found: dict[str, Any] = from_json(self.run(Sql(text, names))[0][0][0] or "{}")
        return found
