"""All that some pages of history need to know, locked first and then read in one statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from shared.crm.contacts.model import with_variants
from shared.crm.inbound.picture import About, Wanted, locking
from shared.kernel.identities import Identity
from shared.kernel.inbound import ChatKind, InboundMessage, Person
from shared.providers.waha.ids import chat_kind, identities
from shared.providers.waha.pages import Change
from shared.runtime.postgres import Sql

_LOCK_CURSORS = """
select address from history_chats where tenant_id = :tenant_id and run_id = :run_id
  and address = any(array(select jsonb_array_elements_text(cast(:chats as jsonb)))) order by address for update
"""
_PICTURE = """
with known_identities as (
    select kind, issuer, value, contact_id from contact_identities
    where tenant_id = :tenant_id and project_id = :project_id
      and kind = any(array(select jsonb_path_query(cast(:identities as jsonb), '$[*].kind') #>> '{}'))
      and issuer = any(array(select jsonb_path_query(cast(:identities as jsonb), '$[*].issuer') #>> '{}'))
      and value = any(array(select jsonb_path_query(cast(:identities as jsonb), '$[*].value') #>> '{}'))
), known_messages as (
    select id, external_id, direction, sender_kind, status, chat_id, is_placeholder from messages
    where tenant_id = :tenant_id and channel_id = :channel_id
      and external_id = any(array(select jsonb_array_elements_text(cast(:external_ids as jsonb))))
), told as (
    select * from jsonb_to_recordset(cast(:windows as jsonb)) as w (
        address text, earliest timestamptz, latest timestamptz)
), known_chats as (
    select * from chats where tenant_id = :tenant_id and status <> 'merged' and channel_id = :channel_id and (
        id = any(array(
            select chat_id from chat_addresses where tenant_id = :tenant_id and channel_id = :channel_id
              and address = any(array(select address from told))
            union select chat_id from known_messages))
        or contact_id = any(array(
            select contact_id from known_identities
            where value = any(array(select jsonb_array_elements_text(cast(:partners as jsonb)))))))
), known_contacts as (
    select * from contacts where tenant_id = :tenant_id and id = any(array(
        select contact_id from known_identities union select contact_id from known_chats))
), windows as (
    select a.chat_id, min(t.earliest) as earliest, max(t.latest) as latest from told t
    join chat_addresses a on a.tenant_id = :tenant_id and a.channel_id = :channel_id and a.address = t.address
    group by 1
), near_sessions as (
    select s.* from known_chats c
    cross join (select min(earliest) as earliest, max(latest) as latest from told) as whole
    left join windows w on w.chat_id = c.id
    cross join lateral (
        select s.* from sessions s where s.tenant_id = :tenant_id and s.chat_id = c.id and s.status <> 'merged'
          and s.last_message_at >= coalesce(w.earliest, whole.earliest) - make_interval(mins => s.timeout_minutes)
          and s.started_at <= coalesce(w.latest, whole.latest) + make_interval(mins => s.timeout_minutes)
        union
        (select s.* from sessions s where s.tenant_id = :tenant_id and s.chat_id = c.id and s.status <> 'merged'
          and s.started_at <= coalesce(w.earliest, whole.earliest) order by s.started_at desc limit 1)
        union
        (select s.* from sessions s where s.tenant_id = :tenant_id and s.chat_id = c.id and s.status <> 'merged'
         order by s.started_at desc limit 1)
    ) as s
), queued_replies as (
    select m.* from messages m
    where m.tenant_id = :tenant_id and m.chat_id = any(array(select id from known_chats))
      and m.status = 'queued' and m.sender_kind = 'bot'
)
select json_build_object(
    'now', clock_timestamp(),
    'project', (
        select json_build_object('timeout_minutes', session_timeout_minutes, 'timezone', timezone)
        from projects where tenant_id = :tenant_id and id = :project_id),
    'run', (
        select json_build_object('status', status, 'round', round) from history_runs
        where tenant_id = :tenant_id and id = :run_id),
    'cursors', (
        select coalesce(json_object_agg(address, next_row), '{}') from history_chats
        where tenant_id = :tenant_id and run_id = :run_id
          and address = any(array(select jsonb_array_elements_text(cast(:chats as jsonb))))),
    'identities', (select coalesce(json_agg(i), '[]') from known_identities i),
    'contacts', (select coalesce(json_agg(c order by c.id), '[]') from known_contacts c),
    'chats', (select coalesce(json_agg(c order by c.id), '[]') from known_chats c),
    'addresses', (
        select coalesce(json_object_agg(address, chat_id), '{}') from chat_addresses
        where tenant_id = :tenant_id and channel_id = :channel_id
          and chat_id = any(array(select id from known_chats))),
    'participants', (
        select coalesce(json_agg(p), '[]') from chat_participants p
        where p.tenant_id = :tenant_id and p.chat_id = any(array(select id from known_chats))
          and p.contact_id = any(array(select id from known_contacts))),
    'chat_labels', (
        select coalesce(json_agg(json_build_array(l.chat_id, l.label, l.stamp, l.is_on)), '[]') from chat_labels l
        where l.tenant_id = :tenant_id and l.chat_id = any(array(select id from known_chats))),
    'sessions', (select coalesce(json_agg(s), '[]') from near_sessions s),
    'known', (
        select coalesce(json_object_agg(external_id, json_build_object(
            'id', id, 'direction', direction, 'sender_kind', sender_kind, 'status', status, 'chat_id', chat_id,
            'is_placeholder', is_placeholder)), '{}') from known_messages),
    'beside', (
        select coalesce(json_agg(json_build_object(
            'address', t.address, 'id', m.id, 'external_id', m.external_id)), '[]')
        from told t
        join chat_addresses a on a.tenant_id = :tenant_id and a.channel_id = :channel_id and a.address = t.address
        join messages m on m.tenant_id = :tenant_id and m.chat_id = a.chat_id and m.sent_at = t.latest),
    'early', (
        select coalesce(json_agg(r order by r.kind, r.key), '[]') from early_events r
        where r.tenant_id = :tenant_id and r.channel_id = :channel_id and r.external_id = any(array(
            select jsonb_array_elements_text(cast(:external_ids as jsonb) || cast(:addresses as jsonb))))),
    'sending', (
        select coalesce(json_agg(m order by m.claimed_at), '[]') from messages m
        where m.tenant_id = :tenant_id and m.chat_id = any(array(select id from known_chats))
          and m.status in ('sending', 'unknown') and m.external_id is null),
    'replies', (select coalesce(json_agg(m), '[]') from queued_replies m),
    'groups', (
        select coalesce(json_agg(g order by g.opened_at), '[]') from message_groups g
        where g.tenant_id = :tenant_id and g.id = any(array(
            select id from message_groups
            where tenant_id = :tenant_id and chat_id = any(array(select id from known_chats))
              and (status in ('pending', 'processing') or outcome is null)
            union
            select answers_group_id from queued_replies))),
    'days', (
        select coalesce(json_agg(d), '[]') from history_days d
        where d.tenant_id = :tenant_id and d.run_id = :run_id and d.chat_id = any(array(select id from known_chats))))
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A page's messages, what became of these or others, and the addresses under which its chat was asked for."""

    chat: str
    addresses: tuple[str, ...]
    messages: Sequence[InboundMessage]
    changes: Sequence[Change] = ()

    @cached_property
    def all_addresses(self) -> tuple[str, ...]:
        return tuple(sorted({*self.addresses, *(each for told in self.messages for each in told.chat_addresses)}))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The messages' own, those that they quote, and those of what was changed."""
        told = (each for message in self.messages for each in (message.external_id, message.quoted_external_id))
        changed = (each.external_id for each in self.changes)
        return tuple(dict.fromkeys(filter(None, (*told, *changed))))

    @cached_property
    def people(self) -> tuple[Identity, ...]:
        """Everybody whom the page speaks of, by all that they are known by."""
        told = (person for message in self.messages if (person := message.customer or message.sender))
        known = (identity for person in told for identity in person.identities)
        return tuple(dict.fromkeys((*identities(self.addresses), *known)))

    @property
    def is_individual(self) -> bool:
        return chat_kind(self.chat) is ChatKind.INDIVIDUAL

    @property
    def partners(self) -> list[str]:
        """The other side of an individual chat, as identities spell it."""
        return [each["value"] for each in _told(self.people)] if self.is_individual else []

    @property
    def tells_of_two_times(self) -> bool:
        return bool(self.messages) and self.messages[0].sent_at != self.messages[-1].sent_at

    @property
    def window(self) -> dict[str, Any] | None:
        times = [each.sent_at for each in self.messages if each.sent_at]
        return {"address": self.chat, "earliest": min(times), "latest": max(times)} if times else None


@dataclass(frozen=True, kw_only=True)
class Recall:
    """What is locked and read for the pages of a run."""

    tenant_id: UUID
    project_id: UUID
    channel_id: UUID
    run_id: UUID
    pages: Sequence[Asked] = field(default_factory=tuple)

    def locks(self) -> list[Sql]:
        """All that the pages name, so that nobody else decides about it meanwhile."""
        chats = [page.chat for page in self.pages]
        cursors = Sql(_LOCK_CURSORS, {"tenant_id": self.tenant_id, "run_id": self.run_id, "chats": chats})
        return [cursors, *locking([self._wanted(page) for page in self.pages])] if self.pages else []

    def picture(self) -> Sql:
        """What reads it all, to be sent when the locks are held."""
        windows = [
            {**window, "address": address}
            for page in self.pages
            if (window := page.window)
            for address in page.all_addresses
        ]
        return Sql(
            _PICTURE,
            {
                "tenant_id": self.tenant_id,
                "project_id": self.project_id,
                "channel_id": self.channel_id,
                "run_id": self.run_id,
                "chats": [page.chat for page in self.pages],
                "identities": _told(identity for page in self.pages for identity in page.people),
                "windows": windows,
                "addresses": [each for page in self.pages for each in page.all_addresses],
                "partners": [each for page in self.pages for each in page.partners],
                "external_ids": [each for page in self.pages for each in page.ids],
            },
        )

    def _wanted(self, page: Asked) -> Wanted:
        return Wanted(
            tenant_id=self.tenant_id,
            project_id=self.project_id,
            channel_id=self.channel_id,
            delivery_key=f"history {page.chat}",
            about=About.MESSAGE,
            external_ids=page.ids,
            addresses=page.all_addresses,
            people=(Person(identities=page.people),),
        )


def _told(people: Iterable[Identity]) -> list[dict[str, str]]:
    spelled = dict.fromkeys(spelling for each in people for spelling, _ in with_variants(each))
    return [{"kind": each.kind, "issuer": each.issuer, "value": each.value} for each in spelled]
