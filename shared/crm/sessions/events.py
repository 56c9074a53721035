"""Everything that can happen to a session."""

from uuid import UUID

from shared.kernel.events import Event


class SessionEvent(Event, ordered_by="chat_id"):
    session_id: UUID
    chat_id: UUID
    contact_id: UUID | None


class SessionStarted(SessionEvent, name="session.started"):
    channel_id: UUID


class SessionClosed(SessionEvent, name="session.closed"):
    reason: str
    duration_seconds: int
    outcome: str | None = None


class SessionResolved(SessionEvent, name="session.resolved"):
    outcome: str


class SessionReopened(SessionEvent, name="session.reopened"):
    pass


class SessionMerged(SessionEvent, name="session.merged"):
    merged_id: UUID


class SessionAgentAssigned(SessionEvent, name="session.agent_assigned"):
    agent_id: UUID
    previous_id: UUID | None


class SessionBotPaused(SessionEvent, name="session.bot_paused"):
    reason: str


class SessionBotResumed(SessionEvent, name="session.bot_resumed"):
    pass


class SessionEscalated(SessionEvent, name="session.escalated"):
    reason: str
