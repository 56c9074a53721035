"""The public face of an agent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.crm.agents.model import AgentKind, AgentStatus, Responder
from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class AgentView:
    """A human agent has a `user_id`; a bot has a `responder`, whose settings `config` holds."""

    id: UUID
    project_id: UUID
    name: str
    kind: AgentKind
    user_id: UUID | None
    responder: Responder | None
    config: dict[str, Any]
    status: AgentStatus
    version: int
    created_at: datetime
    updated_at: datetime


AGENTS = Source(
    view=AgentView,
    tables="agents a",
    alias="a",
    filters=("kind", "status", "responder", "user_id", "name"),
    sorts=("created_at", "name"),
    noun="agent",
)
