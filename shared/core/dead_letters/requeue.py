"""Putting a dead letter back into the outbox, once."""

import json
from typing import Any
from uuid import UUID

from shared.core.dead_letters.view import DEAD_LETTERS
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

# The row's lock lets one of many through. What was asked for a day ago has come to its end unseen, if at all.
_TAKE = f"""
update dead_letters d
set status = 'requeued', times_requeued = times_requeued + 1, requeued_at = now(), requeued_by = :user_id
where d.tenant_id = :tenant_id and d.id = :id and {DEAD_LETTERS.where}
    and (d.status = 'waiting' or d.requeued_at < now() - interval '1 day')
returning json_build_object('kind', kind, 'project_id', project_id, 'type', type, 'destination', destination,
    'ordering_key', ordering_key, 'body', body)
"""  # noqa: S608 - constants


def requeue(uow: UnitOfWork, letter_id: UUID) -> None:
    """Let the relay deliver it again, under the id it always had; nothing when that is under way.

    An event goes behind what waits of its ordering key, and to all its consumers: those that took it know it
    again. So letters of one key are delivered in the order in which they are asked for.
    """
    rows = uow.run(sql(_TAKE, tenant_id=uow.tenant_id, id=letter_id, user_id=uow.caller.user_id))[0]
    for (letter,) in rows:
        _put_back(uow.outgoing, json.loads(letter or ""))


def _put_back(outgoing: Outgoing, letter: dict[str, Any]) -> None:
    if letter["kind"] == "task":
        outgoing.schedule_again(letter["destination"], letter["type"], letter["body"])
    else:
        outgoing.publish_again(letter["destination"], letter["ordering_key"], letter["body"])
