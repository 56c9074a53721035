"""Ending what nobody answered."""

from uuid import UUID

from shared.ai.runs.answering import give_up
from shared.crm.message_groups.model import GroupStatus
from shared.crm.message_groups.use_cases import locked_group
from shared.crm.sessions.store import Sessions, sessions
from shared.runtime.work import UnitOfWork


def settle(uow: UnitOfWork, group_id: UUID) -> None:
    """End the group as failed, unless it has ended or still waits for its messages."""
    group = locked_group(uow, group_id)
    if group is None or group.outcome is not None or group.status is GroupStatus.PENDING:
        return
    session = Sessions(uow).first(sessions.c.id == group.session_id, lock=True) if group.session_id else None
    give_up(uow, group, session, "no answer came within fifteen minutes")
