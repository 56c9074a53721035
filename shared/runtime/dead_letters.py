"""What a function could not take, often enough: kept with its reason, and out of the way of all others."""

import json
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from shared.kernel.ids import uuid7
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import connections, sql
from shared.runtime.settings import settings
from shared.runtime.telemetry import places_of, say, trace

# The bus may bury one event several times; one that dies again after it was asked for waits again.
_KEEP = """
insert into dead_letters as known (
    id, tenant_id, project_id, kind, function, message_id, type, destination, ordering_key, body, correlation_id,
    attempts, reason, places)
values (:id, :tenant_id, :project_id, :kind, :function, :message_id, :type, :destination, :ordering_key, :body,
    :correlation_id, :attempts, :reason, :places)
on conflict (tenant_id, function, message_id) do update
set status = 'waiting', attempts = known.attempts + excluded.attempts, reason = excluded.reason,
    places = excluded.places, failed_at = excluded.failed_at, expires_at = excluded.expires_at
where known.status = 'requeued'
returning id
"""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An event or a task, the function that could not take it, and where it is delivered from.

    `destination` is the topic or the queue, `body` the event's envelope or the task's body.
    """

    tenant_id: UUID
    project_id: UUID | None
    kind: Literal["event", "task"]
    function: str
    message_id: UUID
    type: str
    destination: str
    ordering_key: str
    body: dict[str, Any]
    attempts: int

    def keep(self, reason: str, places: list[str] | None = None) -> None:
        """Keep it, in a transaction of its own; `reason` is a name of ours and nobody's words."""
        row = {**vars(self), "id": uuid7(), "body": json.dumps(self.body), "correlation_id": trace().correlation_id}
        kept = sql(_KEEP, **row, reason=reason[:200], places=places or [])
        connections(settings().database_url).run(tenant_scope(self.tenant_id), kept)
        say("kept as a dead letter", level=40, dead_from=self.function, type=self.type, attempts=self.attempts)

    def keep_after(self, error: BaseException) -> None:
        """Keep it with the place where it failed; what the exception says may quote a customer and is left out."""
        self.keep(type(error).__name__, places_of(error.__traceback__))
