"""The files that messages came with, noted so that they are fetched."""

from collections.abc import Sequence
from uuid import UUID

from shared.crm.media.model import Priority
from shared.crm.media.tasks import FetchImportedMedia, FetchMedia
from shared.kernel.ids import uuid7
from shared.runtime.parsing import as_json
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

_COLLECT = """
with told as (
    select * from jsonb_to_recordset(cast(:rows as jsonb)) as told (id uuid, message_id uuid)
), made as (
    insert into media_files (
        id, tenant_id, project_id, version, origin, priority, kind, message_id, chat_id, contact_id, status, file_name,
        told_mimetype, told_bytes, due_at)
    select told.id, m.tenant_id, m.project_id, 1, 'message', :priority, m.type, m.id, m.chat_id, m.contact_id,
        'pending', m.media ->> 'file_name', split_part(m.media ->> 'mimetype', ';', 1),
        cast(m.media ->> 'size_bytes' as bigint), clock_timestamp()
    from told join messages m on m.tenant_id = :tenant_id and m.id = told.message_id
    where m.media is not null and m.media_file_id is null and m.deleted_at is null
    order by m.id
    on conflict (tenant_id, message_id) do nothing
    returning id, message_id
)
update messages m set media_file_id = made.id, version = version + 1, updated_at = now()
from made where m.tenant_id = :tenant_id and m.id = made.message_id
returning m.media_file_id
"""


def collect(uow: UnitOfWork, message_ids: Sequence[UUID], priority: Priority = Priority.LIVE) -> list[UUID]:
    """Have the files of these messages fetched, those that have one and were not collected before; their ids.

    Set-based, for one message or for a thousand; those of an import wait behind what people talk about now.
    """
    rows = [{"id": uuid7(), "message_id": each} for each in message_ids]
    found = uow.run(sql(_COLLECT, tenant_id=uow.tenant_id, priority=priority, rows=as_json(rows)))[0]
    collected = [UUID(row[0]) for row in found]
    for media_id in collected:
        uow.schedule(fetching(media_id, priority))
    return collected


def fetching(media_id: UUID, priority: Priority) -> FetchMedia | FetchImportedMedia:
    """The task that fetches a file, in the queue of its priority."""
    kind = FetchImportedMedia if priority is Priority.IMPORT else FetchMedia
    return kind(media_id=media_id)
