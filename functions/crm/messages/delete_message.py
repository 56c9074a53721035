"""Deleting a message."""

from uuid import UUID

from shared.crm.messages.use_cases import delete
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("DELETE", "/api/v1/crm/messages/{message_id}", allow=Role.ADMIN, status=204)
def delete_message(uow: UnitOfWork, message_id: UUID) -> None:
    """Delete a message here; WhatsApp keeps what was sent, and what waits to be sent is not."""
    delete(uow, message_id)
