"""What comes before its message has an id, and waits for it: receipts, and replies that quote it."""

import json
from datetime import datetime
from uuid import UUID

from shared.crm import locks
from shared.crm.messages.model import Message
from shared.runtime.postgres import Sql
from shared.runtime.work import UnitOfWork

SENT = 1
# A reader's row says how far the reader came, and when first.
FARTHEST = """
on conflict (tenant_id, message_id, contact_id) do update set
    level = greatest(known.level, excluded.level),
    at = case sign(excluded.level - known.level)
        when 1 then excluded.at when 0 then least(known.at, excluded.at) else known.at end
"""
ANSWERED_LATER = """
update messages set quoted_message_id = :id, version = version + 1
where tenant_id = :tenant_id and channel_id = :channel_id and quoted_external_id = :external_id
  and quoted_message_id is null
"""
RECEIPTS_TAKEN = """
delete from early_receipts
where tenant_id = :tenant_id and channel_id = :channel_id and external_id = :external_id
"""
_RECEIPTS = """
select json_build_array(level, at, contact_id is not null) from early_receipts
where tenant_id = :tenant_id and channel_id = :channel_id and external_id = :external_id order by level
"""
_READERS = f"""
insert into message_receipts as known (tenant_id, project_id, message_id, contact_id, level, at)
select distinct on (contact_id) tenant_id, project_id, cast(:id as uuid), contact_id, level, at from early_receipts
where tenant_id = :tenant_id and channel_id = :channel_id and external_id = :external_id and contact_id is not null
order by contact_id, level desc, at
{FARTHEST}
"""  # noqa: S608 - our own words


def lock_ids(uow: UnitOfWork, channel_id: UUID, *external_ids: str) -> None:
    """Keep receipts of these ids from coming in meanwhile; to be done before anything else is locked."""
    uow.run(locks.lock(locks.message(channel_id, each) for each in external_ids))


def serve_waiting(uow: UnitOfWork, message: Message) -> None:
    """Let the message, whose id has just been learnt, have what waited for it; the id is locked."""
    names = {
        "tenant_id": message.tenant_id,
        "channel_id": message.channel_id,
        "external_id": message.external_id,
        "id": message.id,
    }
    for level, at, is_readers in (json.loads(row[0] or "") for row in uow.run(Sql(_RECEIPTS, names))[0]):
        message.receipt(min(level, SENT) if is_readers else level, datetime.fromisoformat(at))
    uow.run(Sql(_READERS, names), Sql(ANSWERED_LATER, names), Sql(RECEIPTS_TAKEN, names))
