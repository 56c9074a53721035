"""What comes before its message has an id, and waits for it: all that follows upon it, and replies that quote it."""

import json
from typing import TYPE_CHECKING
from uuid import UUID

from shared.crm import locks
from shared.crm.messages.following import Follower, Sequel, json_or_null
from shared.crm.messages.model import Message
from shared.runtime.postgres import Sql

# Deliveries are taken without SQLAlchemy, and reach this.
if TYPE_CHECKING:
    from shared.runtime.work import UnitOfWork

_WAIT = """
insert into early_events as known (tenant_id, project_id, channel_id, external_id, kind, contact_id, key, value, at)
values (:tenant_id, :project_id, :channel_id, :external_id, :kind, :contact_id, :key, cast(:value as jsonb), :at)
on conflict (tenant_id, channel_id, external_id, kind, contact_id, key) do update
set at = least(known.at, excluded.at)
"""
# Both are `told` the ids that messages have, each with the message's own.
ANSWERED_LATER = """
update messages set quoted_message_id = cast(cast(:told as jsonb) ->> quoted_external_id as uuid), version = version + 1
where tenant_id = :tenant_id and channel_id = :channel_id and quoted_message_id is null
  and quoted_external_id = any(array(select jsonb_object_keys(cast(:told as jsonb))))
"""
TAKEN = """
delete from early_events
where tenant_id = :tenant_id and channel_id = :channel_id
  and external_id = any(array(select jsonb_object_keys(cast(:told as jsonb))))
"""
_WAITING = """
select row_to_json(e) from early_events e
where tenant_id = :tenant_id and channel_id = :channel_id and external_id = :external_id order by kind, key
"""


def wait(tenant_id: UUID, project_id: UUID, channel_id: UUID, external_id: str, sequel: Sequel) -> Sql:
    """The statement that lets a sequel wait for the message of that id."""
    return Sql(
        _WAIT,
        {
            "tenant_id": tenant_id,
            "project_id": project_id,
            "channel_id": channel_id,
            "external_id": external_id,
            "kind": sequel.kind.value,
            "contact_id": sequel.contact_id,
            "key": sequel.key,
            "value": json_or_null(sequel.value),
            "at": sequel.at,
        },
    )


def lock_ids(uow: "UnitOfWork", channel_id: UUID, *external_ids: str) -> None:
    """Keep events of these ids from coming in meanwhile; to be done before anything else is locked."""
    uow.run(locks.lock(locks.message(channel_id, each) for each in external_ids))


def serve_waiting(uow: "UnitOfWork", message: Message) -> None:
    """Let the message, whose id has just been learnt, have what waited for it; the id is locked."""
    names = {"tenant_id": message.tenant_id, "channel_id": message.channel_id}
    follower = Follower(message)
    for row in uow.run(Sql(_WAITING, {**names, "external_id": message.external_id}))[0]:
        follower.take(Sequel.read(json.loads(row[0] or "")))
    learnt = {**names, "told": {message.external_id: message.id}}
    uow.run(*follower.statements, Sql(ANSWERED_LATER, learnt), Sql(TAKEN, learnt))
