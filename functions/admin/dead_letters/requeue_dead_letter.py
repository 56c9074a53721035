"""Delivering a dead letter once more."""

from uuid import UUID

from shared.core.dead_letters.requeue import requeue
from shared.core.dead_letters.view import DEAD_LETTERS, DeadLetterView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/admin/dead-letters/{dead_letter_id}/requeue", allow=Role.ADMIN)
def requeue_dead_letter(uow: UnitOfWork, dead_letter_id: UUID) -> One[DeadLetterView]:
    """Deliver a dead letter again; asked twice, it is still delivered once."""
    requeue(uow, dead_letter_id)
    return one(DEAD_LETTERS, dead_letter_id)
