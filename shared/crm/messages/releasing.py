"""Letting messages go that waited for their number to be allowed to begin chats again."""

from uuid import UUID

from shared.crm.messages.tasks import ResumeMessage
from shared.runtime.postgres import Sql
from shared.runtime.work import UnitOfWork

# Whatever else keeps one of them back will do so again; one that has a turn keeps it. In one order, so that two who
# lock several never wait for each other.
_RELEASE = """
with held as (
    select id from messages
    where tenant_id = :tenant_id and channel_id = :channel_id and status = 'queued' and not has_turn
        and not_before > :now
    order by id for update)
update messages m set not_before = :now, version = m.version + 1, updated_at = now()
from held where m.tenant_id = :tenant_id and m.id = held.id
returning m.id
"""


def release(uow: UnitOfWork, channel_id: UUID) -> None:
    """Have all that waits to be sent by the channel, and has no turn yet, ask for it anew."""
    names = {"tenant_id": uow.tenant_id, "channel_id": channel_id, "now": uow.now}
    for (told,) in uow.run(Sql(_RELEASE, names))[0]:
        uow.schedule(ResumeMessage(message_id=UUID(told or "")))
