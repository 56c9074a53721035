"""A run: one agent asked once about one message group, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.ai.runs.events import AiRunCompleted, AiRunFailed, AiRunHandedOff, AiRunStarted
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7


class RunStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(eq=False, kw_only=True)
class AiRun(Aggregate):
    """`responder` and `model` label who made the reply."""

    aggregate_type: ClassVar[str] = "ai_run"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    message_group_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    session_id: UUID | None
    agent_id: UUID | None
    status: RunStatus = RunStatus.RUNNING
    responder: str
    model: str | None = None
    reply_message_id: UUID | None = None
    hands_over: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    error: str | None = None
    started_at: datetime
    finished_at: datetime | None = None

    @classmethod
    def start(
        cls,
        *,
        tenant_id: UUID,
        project_id: UUID,
        message_group_id: UUID,
        chat_id: UUID,
        contact_id: UUID | None,
        session_id: UUID | None,
        agent_id: UUID,
        responder: str,
        at: datetime,
    ) -> Self:
        run = cls(
            id=uuid7(),
            tenant_id=tenant_id,
            project_id=project_id,
            message_group_id=message_group_id,
            chat_id=chat_id,
            contact_id=contact_id,
            session_id=session_id,
            agent_id=agent_id,
            responder=responder,
            started_at=at,
        )
        run.record(AiRunStarted(run_id=run.id, chat_id=chat_id, agent_id=agent_id))
        return run

    def take_over(self, at: datetime, *, agent_id: UUID, responder: str) -> None:
        """Begin again after whoever began before has gone or failed, with the bot that is at work by now."""
        self.status, self.error, self.started_at, self.finished_at = RunStatus.RUNNING, None, at, None
        self.agent_id, self.responder = agent_id, responder

    def complete(self, *, model: str | None, tokens: tuple[int | None, int | None], at: datetime) -> None:
        self.status, self.model, self.finished_at = RunStatus.COMPLETED, model, at
        self.input_tokens, self.output_tokens = tokens
        self.record(
            AiRunCompleted(
                run_id=self.id,
                chat_id=self.chat_id,
                reply_message_id=self.reply_message_id,
                input_tokens=self.input_tokens,
                output_tokens=self.output_tokens,
            )
        )

    def hand_off(self, reason: str) -> None:
        self.hands_over = True
        self.record(AiRunHandedOff(run_id=self.id, chat_id=self.chat_id, reason=reason))

    def fail(self, reason: str, at: datetime) -> None:
        self.status, self.error, self.finished_at = RunStatus.FAILED, reason, at
        self.record(AiRunFailed(run_id=self.id, chat_id=self.chat_id, reason=reason))
