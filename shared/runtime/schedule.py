"""The schedule declaration: functions that run by the clock, for all tenants."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Unpack
from uuid import UUID

from flask import Request, Response

from shared.kernel.tasks import Task
from shared.runtime.answers import answer
from shared.runtime.declarations import Declaration, Deployment, Kind
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import Row, Sql, connections
from shared.runtime.settings import settings
from shared.runtime.spans import SpanKind, called, offered
from shared.runtime.telemetry import configure, request_id, say
from shared.runtime.uses import Use

Handler = Callable[..., None]


MOST_AT_ONCE = 1000  # rows of one deletion, so that none holds its locks for long
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext(:name))"
_REMOVE = """
with gone as (
    delete from {table} where {condition} and {time} <= coalesce(
        (select {time} from {table} where {condition} order by {time} offset :most - 1 limit 1), 'infinity')
    returning {time}
)
select count(*) from gone
"""


@dataclass(frozen=True, kw_only=True)
class Old:
    """Rows of a table whose time is over: those for which `condition` holds; `time` has an index."""

    table: str
    time: str
    condition: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def batch(self) -> tuple[Sql, Sql]:
        """Take turns with others who do the same, then delete some."""
        text = _REMOVE.format(table=self.table, time=self.time, condition=self.condition)
        lock = Sql(_ONE_AT_A_TIME, {"name": f"remove {self.table}"})
        return lock, Sql(text, {**self.values, "most": MOST_AT_ONCE})


class AllTenants:
    """The narrow view across tenants: find what is due by its ids, and hand each tenant its task."""

    def __init__(self) -> None:
        self._pool = connections(settings().relay_database_url)

    def find(self, query: Sql) -> list[Row]:
        return self._pool.run(query)[0]

    def remove(self, old: "Old", *, until: float) -> int:
        """Delete what is old, oldest first and few rows at a time, until none is left or this moment has come.

        `until` is monotonic. Returns how many went. Several may do it at once, and each may be killed at any time.
        """
        removed = 0
        while time.monotonic() < until:
            *_, rows = self._pool.run(*old.batch())
            removed += int(rows[0][0] or 0)
            if int(rows[0][0] or 0) < MOST_AT_ONCE:
                break
        return removed

    def schedule(self, due: Iterable[tuple[UUID, Task]]) -> None:
        """Queue one task for each tenant and thing; the tenant's own function does the work."""
        for tenant_id, task in due:
            outgoing = Outgoing(tenant_id=tenant_id)
            outgoing.schedule(task)
            self._pool.run(*outgoing.statements())


@dataclass(frozen=True, kw_only=True)
class Schedule(Declaration):
    """A function that Cloud Scheduler calls."""

    kind: ClassVar[Kind] = Kind.SCHEDULE

    cron: str

    def trigger(self) -> dict[str, Any]:
        return {"cron": self.cron}

    @property
    def standard_uses(self) -> set[Use]:
        return {Use.RELAY}

    def serve(self, request: Request) -> Response:
        configure()
        own, came = request_id(request.headers.get("X-Request-Id")), offered(request.headers.get)
        with called(SpanKind.SERVER, came, function=self.name, request_id=own) as call:
            return call.answered(self._safely())

    def _safely(self) -> Response:
        try:
            self.handler(AllTenants())
        except Exception as error:  # noqa: BLE001 - the last line before the wire
            say("schedule failed", level=40, error=True, reason=type(error).__name__)
            return answer(500, b"")
        return answer(204, b"")


def schedule(cron: str, **deployment: Unpack[Deployment]) -> Callable[[Handler], Callable[[Request], Response]]:
    """Declare one function that runs by the clock ("* * * * *", UTC); its handler takes `tenants: AllTenants`."""
    deployment.setdefault("concurrency", 1)

    def declare(handler: Handler) -> Callable[[Request], Response]:
        return Schedule(handler=handler, cron=cron, **deployment).function()

    return declare
