"""Ending what nobody answered."""

from uuid import UUID

from shared.ai.runs.answering import give_up
from shared.ai.runs.model import RunStatus
from shared.ai.runs.store import AiRuns
from shared.crm.message_groups.model import GroupStatus
from shared.crm.message_groups.use_cases import locked_group, present_session
from shared.runtime.work import UnitOfWork

TOO_LATE = "no answer came within fifteen minutes"


def settle(uow: UnitOfWork, group_id: UUID) -> None:
    """End the group as failed, unless it has ended or still waits for its messages."""
    group = locked_group(uow, group_id)
    if group is None or group.outcome is not None or group.status is GroupStatus.PENDING:
        return
    give_up(uow, group, present_session(uow, group), TOO_LATE)
    run = AiRuns(uow).of_group(group.id)
    if run and run.status is RunStatus.RUNNING:
        run.fail(TOO_LATE, uow.now)
