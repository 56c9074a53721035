"""Writing a contact's timeline: one row for each event that tells of the contact."""

from uuid import UUID

from shared.runtime.consume import Envelope
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

# Under who the contact is by now, if it became one with another; nowhere, if nobody knows it.
_RECORD = """
insert into contact_events (id, tenant_id, project_id, contact_id, type, data, occurred_at)
select :id, tenant_id, project_id, coalesce(merged_into_id, id), :type, :data, :occurred_at
from contacts where tenant_id = :tenant_id and id = :contact_id
on conflict (tenant_id, id) do nothing
"""


def record(uow: UnitOfWork, contact_id: UUID, envelope: Envelope) -> None:
    """Note an event in the timeline of a contact, once."""
    row = {
        "id": envelope.event_id,
        "tenant_id": uow.tenant_id,
        "contact_id": contact_id,
        "type": envelope.event_type,
        "data": envelope.data,
        "occurred_at": envelope.occurred_at,
    }
    uow.run(sql(_RECORD, **row))
