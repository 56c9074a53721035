"""How much was said with a contact, counted when it is asked for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.contacts.view import CONTACTS
from shared.kernel.inbound import PresenceState
from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class ContactStatsView:
    """Messages sent are those that were not withdrawn and did not fail; what is said in groups does not count.

    `presence` is how the contact was last seen, within thirty days; null: not at all.
    """

    contact_id: UUID
    sessions: int
    open_sessions: int
    messages_received: int
    messages_sent: int
    first_message_at: datetime | None
    last_received_at: datetime | None
    last_sent_at: datetime | None
    presence: PresenceState | None
    last_seen_at: datetime | None


CONTACT_STATS = Source(
    view=ContactStatsView,
    tables="""contacts c
    cross join lateral (
        select count(*) as sessions, count(*) filter (where s.status = 'open') as open_sessions
        from sessions s
        where s.tenant_id = c.tenant_id and s.contact_id = c.id and s.status <> 'merged'
    ) as held
    cross join lateral (
        select count(*) filter (where m.direction = 'inbound') as messages_received,
            count(*) filter (where m.direction = 'outbound') as messages_sent,
            min(m.sent_at) as first_message_at,
            max(m.sent_at) filter (where m.direction = 'inbound') as last_received_at,
            max(m.sent_at) filter (where m.direction = 'outbound') as last_sent_at
        from messages m
        where m.tenant_id = c.tenant_id and m.contact_id = c.id and m.status not in ('failed', 'cancelled')
    ) as said
    left join lateral (
        select p.state, p.last_seen_at from presences p
        join contact_identities i on i.tenant_id = p.tenant_id and i.project_id = p.project_id and i.kind = p.kind
          and i.issuer = p.issuer and i.value = p.value
        where i.tenant_id = c.tenant_id and i.contact_id = c.id order by p.stamp desc limit 1
    ) as sight on true""",
    alias="c",
    columns={
        "contact_id": "c.id",
        "sessions": "held.sessions",
        "open_sessions": "held.open_sessions",
        "presence": "sight.state",
        "last_seen_at": "sight.last_seen_at",
        **{
            name: f"said.{name}"
            for name in (
                "messages_received",
                "messages_sent",
                "first_message_at",
                "last_received_at",
                "last_sent_at",
            )
        },
    },
    where=CONTACTS.where,
    noun="contact",
    named=CONTACTS.named,
)
