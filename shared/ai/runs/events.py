"""Everything that can happen to an agent's run."""

from uuid import UUID

from shared.kernel.events import Event


class AiRunEvent(Event):
    run_id: UUID
    chat_id: UUID


class AiRunStarted(AiRunEvent, name="ai_run.started"):
    agent_id: UUID


class AiRunCompleted(AiRunEvent, name="ai_run.completed"):
    reply_message_id: UUID | None
    input_tokens: int | None
    output_tokens: int | None


class AiRunFailed(AiRunEvent, name="ai_run.failed"):
    reason: str


class AiRunHandedOff(AiRunEvent, name="ai_run.handed_off"):
    reason: str
