"""The public face of a chat."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.crm.actions.model import ActionStatus
from shared.crm.chat_actions.model import ChatActionKind
from shared.crm.chats.members import IS_IN
from shared.crm.chats.model import ChatStatus
from shared.crm.contacts.view import CONTACTS
from shared.kernel.inbound import ChatKind, GroupRole
from shared.runtime.query import Source

# For what hangs on a chat: the one that `:chat_id` stands for, and whether it is there.
NAMED = "(select coalesce(merged_into_id, id) from chats where id = :chat_id)"
IS_THERE = f"exists (select from chats where id = {NAMED})"


@dataclass(frozen=True, kw_only=True)
class ChatLabelView:
    """A label of the channel; `label` is the provider's id of it. Nobody may have said yet what it is called."""

    label: str
    name: str | None
    color: str | None


@dataclass(frozen=True, kw_only=True)
class PendingChange:
    """What is being done to a chat at WhatsApp, or could not be; `contact_id` is whose place in a group changes.

    A group whose making is `unknown` may be there or not: it is not asked for again by itself, and settled when
    WhatsApp tells of the group.
    """

    id: UUID
    kind: ChatActionKind
    contact_id: UUID | None
    text: str | None
    labels: list[str] | None
    status: ActionStatus
    failure_code: str | None
    failure_reason: str | None
    requested_at: datetime


@dataclass(frozen=True, kw_only=True)
class ChatView:
    """`addresses` are the provider's; `participants` are the contacts of a group; `contact_id` is an individual's.

    `admins` are those of the participants who run the group; at `left_at` we left it.

    A group that you have asked for has no address before WhatsApp has made it.

    A closed chat is one you are done with, until a customer writes in it again. `pending` is what was asked to be done
    to it at WhatsApp and is not done; `metadata` are your own notes about it.

    `last_message_at` is when anything was last said, or when the chat was opened if nothing was.
    """

    id: UUID
    project_id: UUID
    channel_id: UUID
    kind: ChatKind
    contact_id: UUID | None
    subject: str
    description: str
    status: ChatStatus
    addresses: list[str]
    participants: list[UUID]
    admins: list[UUID]
    left_at: datetime | None
    labels: list[ChatLabelView]
    open_session_id: UUID | None
    pending: list[PendingChange]
    metadata: dict[str, Any]
    last_message_at: datetime
    version: int
    created_at: datetime
    updated_at: datetime


_MEMBERS = f"""
select coalesce(json_agg(p.contact_id order by p.contact_id), '[]'::json) from chat_participants p
where p.tenant_id = c.tenant_id and p.chat_id = c.id and {IS_IN} and {{}}"""  # noqa: S608 - our own words

CHATS = Source(
    view=ChatView,
    tables="chats c",
    alias="c",
    columns={
        "addresses": """
            select coalesce(json_agg(a.address order by a.address), '[]'::json) from chat_addresses a
            where a.tenant_id = c.tenant_id and a.chat_id = c.id""",
        "participants": _MEMBERS.format("true"),
        "admins": _MEMBERS.format("p.role <> 'participant'"),
        "labels": """
            select coalesce(json_agg(
                json_build_object('label', l.label, 'name', k.name, 'color', k.color) order by l.label), '[]'::json)
            from chat_labels l left join channel_labels k
              on k.tenant_id = c.tenant_id and k.channel_id = c.channel_id and k.label = l.label
            where l.tenant_id = c.tenant_id and l.chat_id = c.id and l.is_on and k.deleted_at is null""",
        "open_session_id": """
            select s.id from sessions s
            where s.tenant_id = c.tenant_id and s.chat_id = c.id and s.status = 'open'""",
        "pending": """
            select coalesce(json_agg(json_build_object(
                'id', a.id, 'kind', a.kind, 'contact_id', a.contact_id, 'text', a.text, 'labels', a.labels,
                'status', a.status, 'failure_code', a.failure_code, 'failure_reason', a.failure_reason,
                'requested_at', a.requested_at) order by a.requested_at, a.id), '[]'::json)
            from chat_actions a where a.tenant_id = c.tenant_id and a.chat_id = c.id
              and a.status in ('queued', 'sending', 'failed', 'unknown')""",
        "last_message_at": "coalesce(c.last_message_at, c.created_at)",
    },
    where="c.status <> 'merged'",
    filters=("channel_id", "kind", "contact_id", "status", "last_message_at", "created_at"),
    sorts=("last_message_at", "created_at"),
    default_sort="last_message_at:desc",
    noun="chat",
    named="(select coalesce(merged_into_id, id) from chats where id = :id)",
)


@dataclass(frozen=True, kw_only=True)
class ParticipantView:
    """`id` is the contact's; the name is empty where nobody knows it. `created_at` is when they were first seen there.

    In a chat with one person, that person is the one participant.
    """

    id: UUID
    name: str
    phone: str | None
    role: GroupRole
    created_at: datetime


_TAKING_PART = f"""(
    select p.contact_id as id, p.role, p.created_at from chat_participants p
    join chats c on c.tenant_id = p.tenant_id and c.id = p.chat_id where c.id = {NAMED} and {IS_IN}
    union all
    select c.contact_id, 'participant', c.created_at from chats c where c.id = {NAMED} and c.contact_id is not null
) p left join contacts c on c.id = p.id and c.deleted_at is null"""  # noqa: S608 - our own words

PARTICIPANTS = Source(
    view=ParticipantView,
    tables=_TAKING_PART,
    alias="p",
    columns={"name": "coalesce(c.name, '')", "phone": CONTACTS.columns["phone"]},
    orders={"name": "coalesce(c.name_folded, '')"},
    filters=("role",),
    sorts=("created_at", "name"),
    default_sort="created_at:asc",
    noun="participant",
)
