"""All that a delivery needs to know, locked first and then read in one statement."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache, cached_property
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from shared.crm import locks
from shared.crm.contacts.model import with_variants
from shared.kernel.identities import Identity
from shared.kernel.inbound import Person
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Row, Sql

# A join would scan all that the tenant knows; the arrays are looked up in the key, and then held against the whole.
_IS_TOLD = """
    known.tenant_id = :tenant_id and known.project_id = :project_id
    and known.kind = any(array(select jsonb_path_query(cast(:identities as jsonb), '$[*].kind') #>> '{}'))
    and known.issuer = any(array(select jsonb_path_query(cast(:identities as jsonb), '$[*].issuer') #>> '{}'))
    and known.value = any(array(select jsonb_path_query(cast(:identities as jsonb), '$[*].value') #>> '{}'))
    and cast(:identities as jsonb) @> jsonb_build_array(
        jsonb_build_object('kind', known.kind, 'issuer', known.issuer, 'value', known.value))
"""
# Two deliveries may know one person, or one chat, by different names, so they themselves are locked too.
_LOCK_CONTACTS = f"""
select id from contacts where tenant_id = :tenant_id and id = any(array(
    select known.contact_id from contact_identities known where {_IS_TOLD}
)) order by id for no key update
"""  # noqa: S608 - our own words
_LOCK_CHATS = f"""
select id from chats where tenant_id = :tenant_id and id = any(array(
    select chat_id from chat_addresses
    where tenant_id = :tenant_id and channel_id = :channel_id
      and address = any(array(select jsonb_array_elements_text(cast(:addresses as jsonb))))
    union
    select id from chats where tenant_id = :tenant_id and contact_id = any(array(
        select contact_id from contact_identities known where {_IS_TOLD}))
)) order by id for update
"""  # noqa: S608 - our own words
_PICTURE = f"""
with known_identities as (
    select known.* from contact_identities known where {_IS_TOLD}
), told_messages as (
    select m.* from messages m
    where m.tenant_id = :tenant_id and m.channel_id = :channel_id
      and m.external_id = any(array(select jsonb_array_elements_text(cast(:external_ids as jsonb))))
), known_contacts as (
    select * from contacts where tenant_id = :tenant_id and id = any(array(
        select contact_id from known_identities union select contact_id from told_messages where is_placeholder))
), known_chats as (
    select * from chats where tenant_id = :tenant_id and status <> 'merged' and channel_id = :channel_id and (
        id = any(array(select chat_id from told_messages where is_placeholder)) or
        id = any(array(
            select chat_id from chat_addresses where tenant_id = :tenant_id and channel_id = :channel_id
              and address = any(array(select jsonb_array_elements_text(cast(:addresses as jsonb))))))
        or (cast(:is_individual as boolean) and contact_id = any(array(select id from known_contacts))))
), written as (
    select distinct least(cast(told.at as timestamptz), clock_timestamp()) as at
    from jsonb_array_elements_text(cast(:ats as jsonb)) as told (at)
), living_sessions as (
    select s.* from sessions s
    where s.tenant_id = :tenant_id and s.chat_id = any(array(select id from known_chats)) and s.status <> 'merged'
), near_sessions as (
    select s.* from living_sessions s, written
    where s.last_message_at >= written.at - make_interval(mins => s.timeout_minutes)
      and s.started_at <= written.at + make_interval(mins => s.timeout_minutes)
    union
    (select distinct on (s.chat_id, written.at) s.* from living_sessions s, written
     where s.started_at <= written.at order by s.chat_id, written.at, s.started_at desc)
    union
    (select distinct on (s.chat_id) s.* from living_sessions s order by s.chat_id, s.started_at desc)
), queued_messages as (
    select m.* from messages m
    where m.tenant_id = :tenant_id and m.chat_id = any(array(select id from known_chats)) and m.status = 'queued'
)
select json_build_object({{PARTS}})
"""  # noqa: S608 - our own words
_PARTS = {
    "now": "clock_timestamp()",
    "timeout_minutes": """(
        select session_timeout_minutes from projects where tenant_id = :tenant_id and id = :project_id)""",
    "deliveries": """(
        select coalesce(json_object_agg(delivery_key, status), '{}') from inbound_deliveries
        where tenant_id = :tenant_id and channel_id = :channel_id
          and delivery_key = any(array(select jsonb_array_elements_text(cast(:delivery_keys as jsonb)))))""",
    "channel": "(select row_to_json(channels) from channels where tenant_id = :tenant_id and id = :channel_id)",
    "identities": "(select coalesce(json_agg(i), '[]') from known_identities i)",
    "contacts": "(select coalesce(json_agg(c order by c.id), '[]') from known_contacts c)",
    "chats": "(select coalesce(json_agg(c order by c.id), '[]') from known_chats c)",
    "addresses": """(
        select coalesce(json_object_agg(address, chat_id), '{}') from chat_addresses
        where tenant_id = :tenant_id and chat_id = any(array(select id from known_chats)))""",
    "participants": """(
        select coalesce(json_agg(p), '[]') from chat_participants p
        where p.tenant_id = :tenant_id and p.chat_id = any(array(select id from known_chats))
          and p.contact_id = any(array(select id from known_contacts)))""",
    "everybody": """(
        select coalesce(json_agg(p), '[]') from chat_participants p
        where p.tenant_id = :tenant_id and p.chat_id = any(array(select id from known_chats)))""",
    "sessions": "(select coalesce(json_agg(s), '[]') from near_sessions s)",
    "groups": """(
        select coalesce(json_agg(g order by g.opened_at), '[]') from message_groups g
        where g.tenant_id = :tenant_id and g.id = any(array(
            select id from message_groups
            where tenant_id = :tenant_id and chat_id = any(array(select id from known_chats))
              and (status in ('pending', 'processing') or outcome is null)
            union
            select answers_group_id from queued_messages)))""",
    "replies": "(select coalesce(json_agg(m), '[]') from queued_messages m where m.sender_kind = 'bot')",
    "messages": "(select coalesce(json_agg(m), '[]') from told_messages m)",
    "sending": """(
        select coalesce(json_agg(m order by m.claimed_at), '[]') from messages m
        where m.tenant_id = :tenant_id and m.chat_id = any(array(select id from known_chats))
          and m.status in ('sending', 'unknown') and m.external_id is null and cast(:from_me as boolean))""",
    "quoted": """(
        select coalesce(json_object_agg(external_id, id), '{}') from messages
        where tenant_id = :tenant_id and channel_id = :channel_id
          and external_id = any(array(select jsonb_array_elements_text(cast(:quoted_external_ids as jsonb)))))""",
    "reactions": """(
        select coalesce(json_agg(json_build_object(
            'message_id', r.message_id, 'kind', r.kind, 'contact_id', r.contact_id, 'stamp', r.stamp,
            'value', r.value)), '[]')
        from message_reactions r
        where r.tenant_id = :tenant_id and r.message_id = any(array(select id from told_messages))
          and (r.contact_id is null or r.contact_id = any(array(select id from known_contacts))))""",
    "early": """(
        select coalesce(json_agg(e order by e.kind, e.key), '[]') from early_events e
        where e.tenant_id = :tenant_id and e.channel_id = :channel_id
          and e.external_id = any(array(
            select jsonb_array_elements_text(cast(:external_ids as jsonb) || cast(:addresses as jsonb)))))""",
    "creating": """(
        select coalesce(json_agg(json_build_object(
            'id', a.id, 'claimed_at', a.claimed_at, 'chat', row_to_json(c)) order by a.claimed_at, a.id), '[]')
        from chat_actions a join chats c on c.tenant_id = a.tenant_id and c.id = a.chat_id
        where a.tenant_id = :tenant_id and a.channel_id = :channel_id and a.text = :creation
          and a.kind = 'create' and a.status in ('sending', 'unknown')
          and not exists (
            select from known_chats k where k.created_at < a.claimed_at or exists (
                select from chat_actions d
                where d.tenant_id = :tenant_id and d.chat_id = k.id and d.kind = 'create')))""",
    "wishes": """(
        select coalesce(json_agg(a.kind), '[]') from chat_actions a
        where a.tenant_id = :tenant_id and a.chat_id = any(array(select id from known_chats))
          and a.kind in ('archive', 'unarchive') and a.status in ('queued', 'sending'))""",
    "chat_labels": """(
        select coalesce(json_object_agg(l.label, json_build_object('stamp', l.stamp, 'is_on', l.is_on)), '{}')
        from chat_labels l where l.tenant_id = :tenant_id and l.chat_id = any(array(select id from known_chats)))""",
    "labels": """(
        select coalesce(json_object_agg(l.label, l.stamp), '{}') from channel_labels l
        where l.tenant_id = :tenant_id and l.channel_id = :channel_id)""",
    "calls": """(
        select coalesce(json_agg(c), '[]') from calls c
        where c.tenant_id = :tenant_id and c.channel_id = :channel_id
          and c.external_id = any(array(select jsonb_array_elements_text(cast(:external_ids as jsonb)))))""",
    "presences": f"""(
        select coalesce(json_agg(known), '[]') from presences known where {_IS_TOLD})""",  # noqa: S608 - our own words
}
Owners = dict[tuple[str, str, str], UUID]
_PEOPLE = ("identities", "contacts", "chats")


class About(Enum):
    """What a delivery is about, and so which parts of the picture it needs beside the channel and itself."""

    MESSAGE = (
        *("timeout_minutes", *_PEOPLE, "addresses", "participants", "sessions", "groups", "replies", "messages"),
        *("sending", "quoted", "early", "chat_labels"),
    )
    SEQUEL = (*_PEOPLE, "messages", "reactions")
    GROUP = (*_PEOPLE, "addresses", "everybody", "early", "chat_labels", "creating")
    CHAT = (*_PEOPLE, "chat_labels", "labels", "wishes")
    LABEL = ("labels",)
    CALL = (*_PEOPLE, "calls")
    PRESENCE = (*_PEOPLE, "presences")
    PERSON = _PEOPLE
    CHANNEL = ()


@cache
def _text(about: About) -> str:
    parts = ("now", "deliveries", "channel", *about.value)
    return _PICTURE.replace("{PARTS}", ", ".join(f"'{name}', {_PARTS[name]}" for name in parts))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the delivery names, and so what must be locked and read.

    `creation` is what a group is called that may be one that was asked for.
    """

    tenant_id: UUID
    project_id: UUID
    channel_id: UUID
    delivery_key: str
    about: About
    at: datetime | None = None
    external_ids: tuple[str, ...] = ()
    quoted_external_id: str | None = None
    addresses: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    creation: str | None = None
    is_individual: bool = False
    from_me: bool = False

    def statements(self) -> list[Sql]:
        """The locks and then the picture: the last row of the last statement is its JSON."""
        return [*locking([self]), picturing([self])]

    @cached_property
    def identities(self) -> list[Identity]:
        """Everything the people may be known by, other spellings of a phone among them."""
        told = (identity for person in self.people for identity in person.identities)
        return [spelling for identity in told for spelling, _ in with_variants(identity)]

    @property
    def subject(self) -> Hashable:
        """What is the same of deliveries that one picture serves; None of those that each need their own."""
        if self.about is not About.MESSAGE:
            return None
        return self.addresses, tuple(self.identities) if self.is_individual else None

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The names of the delivery itself and of what it tells, which come once."""
        messages = (locks.message(self.channel_id, each) for each in self.external_ids)
        return frozenset((f"delivery:{self.channel_id}:{self.delivery_key}", *messages))

    @cached_property
    def names(self) -> frozenset[str]:
        """What is locked by name: two deliveries that share one must see what the other has written."""
        return self.own_names.union(
            (locks.chat(self.channel_id, address) for address in self.addresses),
            (locks.person(self.project_id, each) for each in self.identities),
            (locks.message(self.channel_id, each) for each in (self.quoted_external_id,) if each),
            (locks.creation(self.channel_id, each) for each in (self.creation,) if each),
        )


def locking(wanted: Sequence[Wanted]) -> list[Sql]:
    """The statements that lock all that deliveries of one channel name."""
    values = {
        "tenant_id": wanted[0].tenant_id,
        "project_id": wanted[0].project_id,
        "channel_id": wanted[0].channel_id,
        "addresses": [address for each in wanted for address in each.addresses],
        "identities": _told(identity for each in wanted for identity in each.identities),
    }
    names = (name for each in wanted for name in each.names)
    return [locks.lock(names), Sql(_LOCK_CONTACTS, values), Sql(_LOCK_CHATS, values)]


def picturing(wanted: Sequence[Wanted]) -> Sql:
    """What reads all that deliveries about the same need to know, to be sent when the locks are held."""
    first = wanted[0]
    common = {
        "tenant_id": first.tenant_id,
        "project_id": first.project_id,
        "channel_id": first.channel_id,
        "creation": first.creation,
        "is_individual": first.is_individual,
        "from_me": any(each.from_me for each in wanted),
    }
    several = {
        "delivery_keys": [each.delivery_key for each in wanted],
        "ats": [each.at for each in wanted],
        "external_ids": [external_id for each in wanted for external_id in each.external_ids],
        "quoted_external_ids": [each.quoted_external_id for each in wanted if each.quoted_external_id],
        "addresses": first.addresses,
        "identities": _told({identity: None for each in wanted for identity in each.identities}),
    }
    return Sql(_text(first.about), {**common, **{name: as_json(some) for name, some in several.items()}})


def _told(identities: Iterable[Identity]) -> list[dict[str, str]]:
    return [{"kind": each.kind, "issuer": each.issuer, "value": each.value} for each in identities]


def owners_of(seen: dict[str, Any]) -> Owners:
    """Whose each name is that the picture shows."""
    known = seen.get("identities", ())
    return {(each["kind"], each["issuer"], each["value"]): UUID(each["contact_id"]) for each in known}


def read_picture(rows: list[list[Row]]) -> dict[str, Any]:
    """The picture, which is the last row of the last statement."""
    seen: dict[str, Any] = from_json(rows[-1][0][0] or "{}")
    return seen
