"""The public face of a session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.sessions.model import CloseReason, Holder, SessionOutcome, SessionStatus
from shared.runtime.query import CALLERS_PROJECT, Source

# For what hangs on a session: the one that `:session_id` stands for, and whether it is there.
NAMED = "(select coalesce(merged_into_id, id) from sessions where id = :session_id)"
IS_THERE = f"exists (select from sessions where id = {NAMED})"


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """`held_by` says who answers: the bot, or a human since `held_since`, who is `agent_id` when that is known.

    `outcome` is what came of it, if whoever closed it said so.
    """

    id: UUID
    project_id: UUID
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    status: SessionStatus
    held_by: Holder
    held_since: datetime | None
    agent_id: UUID | None
    timeout_minutes: int
    started_at: datetime
    last_message_at: datetime
    ended_at: datetime | None
    close_reason: CloseReason | None
    outcome: SessionOutcome | None
    version: int
    created_at: datetime
    updated_at: datetime


SESSIONS = Source(
    view=SessionView,
    tables="sessions s",
    alias="s",
    where=f"s.status <> 'merged' and s.project_id = {CALLERS_PROJECT}",
    filters=(
        "channel_id",
        "chat_id",
        "contact_id",
        "agent_id",
        "status",
        "held_by",
        "close_reason",
        "outcome",
        "started_at",
        "last_message_at",
        "ended_at",
        "created_at",
    ),
    sorts=("started_at", "last_message_at", "created_at"),
    default_sort="started_at:desc",
    noun="session",
    named="(select coalesce(merged_into_id, id) from sessions where id = :id)",
)
