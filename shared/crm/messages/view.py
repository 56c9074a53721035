"""The public face of a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.crm.actions.model import ActionStatus
from shared.crm.message_actions.model import ActionKind
from shared.crm.messages.model import Direction, MessageStatus, SenderKind
from shared.kernel.errors import BadRequest
from shared.kernel.inbound import Card, Location, Media, MessageType, ReactionKind
from shared.kernel.outbound import Menu, Poll
from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class ReactionView:
    """What somebody says to a message by now; `contact_id` is null when it is us.

    `value` is an emoji; the options chosen in a poll; or `{"response": "GOING", "guests": 0}`. A vote or an answer
    that came and cannot be read is null.
    """

    kind: ReactionKind
    contact_id: UUID | None
    value: Any
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RevisionView:
    """What a message said from `said_at` on, until it was edited."""

    text: str | None
    said_at: datetime


@dataclass(frozen=True, kw_only=True)
class PendingView:
    """What is being done to a message at WhatsApp, or could not be: its text changed, itself taken back, an emoji set.

    `value` is the new text or the emoji; an empty one takes ours back.
    """

    id: UUID
    kind: ActionKind
    value: str | None
    status: ActionStatus
    failure_code: str | None
    failure_reason: str | None
    requested_at: datetime


@dataclass(frozen=True, kw_only=True)
class MessageFile:
    """How far a message's file has come into our own store; `GET /api/v1/crm/media/{id}` has the link to it."""

    id: UUID
    status: Literal["pending", "downloading", "stored", "failed", "missing"]
    reason: str | None
    mimetype: str | None
    size_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """`sent_at` is the provider's time, which orders the chat; `read_at` of an inbound message is when we read it.

    `media` is what the provider told of its file, `file` what became of it here.
    `text` is what it says since `edited_at`; `revisions` are what it said before, the oldest first. One that was
    revoked was taken back for everyone and stays. A placeholder has come and cannot be read yet.

    `pending` is what was asked to be done to it and is not done. One that waits for its number's pace goes at
    `not_before`.

    `retries` is how often somebody had it sent again; `metadata` are your own notes about it.
    A message whose status is unknown may have been sent: the provider never said, and it is not sent again.
    """

    id: UUID
    project_id: UUID
    channel_id: UUID
    chat_id: UUID
    session_id: UUID | None
    message_group_id: UUID | None
    contact_id: UUID | None
    direction: Direction
    sender_kind: SenderKind
    sender_contact_id: UUID | None
    agent_id: UUID | None
    type: MessageType
    status: MessageStatus
    text: str | None
    media: Media | None
    file: MessageFile | None
    location: Location | None
    cards: list[Card] | None
    poll: Poll | None
    menu: Menu | None
    forwarded_from_id: UUID | None
    quoted_message_id: UUID | None
    external_id: str | None
    sent_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None
    played_at: datetime | None
    failure_code: str | None
    failure_reason: str | None
    retries: int
    edited_at: datetime | None
    revoked_at: datetime | None
    is_placeholder: bool
    revisions: list[RevisionView]
    reactions: list[ReactionView]
    pending: list[PendingView]
    not_before: datetime | None
    metadata: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


_FILE = """
select json_build_object(
    'id', f.id, 'status', f.status, 'reason', f.reason, 'mimetype', f.mimetype, 'size_bytes', f.size_bytes)
from media_files f where f.tenant_id = m.tenant_id and f.id = m.media_file_id"""

MESSAGES = Source(
    view=MessageView,
    tables="messages m",
    alias="m",
    columns={
        "file": _FILE,
        "revisions": """
            select coalesce(json_agg(json_build_object('text', v.text, 'said_at', v.said_at) order by v.stamp), '[]')
            from message_revisions v where v.tenant_id = m.tenant_id and v.message_id = m.id""",
        "reactions": """
            select coalesce(json_agg(json_build_object(
                'kind', r.kind, 'contact_id', r.contact_id, 'value', r.value, 'at', r.at) order by r.stamp), '[]')
            from message_reactions r where r.tenant_id = m.tenant_id and r.message_id = m.id
              and (r.value is not null or r.kind <> 'emoji')""",
        "pending": """
            select coalesce(json_agg(json_build_object(
                'id', a.id, 'kind', a.kind, 'value', a.value, 'status', a.status, 'failure_code', a.failure_code,
                'failure_reason', a.failure_reason, 'requested_at', a.requested_at) order by a.requested_at), '[]')
            from message_actions a where a.tenant_id = m.tenant_id and a.message_id = m.id
              and a.status in ('queued', 'sending', 'failed')""",
    },
    where="m.deleted_at is null",
    filters=(
        "chat_id",
        "session_id",
        "contact_id",
        "message_group_id",
        "channel_id",
        "sender_contact_id",
        "agent_id",
        "quoted_message_id",
        "direction",
        "sender_kind",
        "type",
        "status",
        "external_id",
        "failure_code",
        "is_placeholder",
        "edited_at",
        "revoked_at",
        "sent_at",
        "delivered_at",
        "read_at",
        "created_at",
        "updated_at",
    ),
    sorts=("sent_at", "created_at", "updated_at"),
    default_sort="sent_at:desc",
    noun="message",
)

_PARENTS = {
    "chat_id": "exists (select from chats where id = cast(:chat_id as uuid))",
    "session_id": "exists (select from sessions where id = cast(:session_id as uuid))",
    "contact_id": """exists (
        select from contacts where id = cast(:contact_id as uuid) and deleted_at is null)""",
}


_CHANNEL = {
    "channel_id": "exists (select from channels where id = cast(:channel_id as uuid) and deleted_at is null)",
}


def parents(filters: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The condition that what the messages are asked of is there, and its values. BadRequest: it is not said."""
    condition, values = _there(filters, _PARENTS)
    if not values:
        ways = ", ".join(f"filter[{name}]" for name in _PARENTS)
        raise BadRequest(f"say whose messages: give one of {ways}", code="filter_required")
    return condition, values


def parents_if_any(filters: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The same where it need not be said; a channel may be."""
    return _there(filters, {**_PARENTS, **_CHANNEL})


def _there(filters: Mapping[str, str], conditions: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    asked = {name: filters.get(f"filter[{name}]", filters.get(f"filter[{name}][eq]")) for name in conditions}
    # The page refuses what is no id before anything is asked of Postgres.
    values = {name: value for name, value in asked.items() if value is not None}
    return " and ".join(conditions[name] for name in values) or "true", values
