"""The public face of a scheduled message."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.scheduled_messages.model import ScheduleStatus
from shared.kernel.outbound import Draft
from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class ScheduledMessageView:
    """`draft` is what it will say. Once it is sent there is a message of the same id, which tells the rest."""

    id: UUID
    project_id: UUID
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    agent_id: UUID
    draft: Draft
    quoted_message_id: UUID | None
    send_at: datetime
    status: ScheduleStatus
    failure_code: str | None
    failure_reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime


SCHEDULED_MESSAGES = Source(
    view=ScheduledMessageView,
    tables="scheduled_messages s",
    alias="s",
    filters=("status", "chat_id", "contact_id", "channel_id", "agent_id", "send_at", "created_at"),
    sorts=("send_at", "created_at"),
    default_sort="send_at:asc",
    noun="scheduled message",
)
