"""The public face of a dead letter: what it is about and where it failed, in ids and names of our own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.runtime.query import CALLERS_PROJECT, Source

LetterKind = Literal["event", "task"]
LetterStatus = Literal["waiting", "requeued"]


@dataclass(frozen=True, kw_only=True)
class DeadLetterView:
    """An event or a task that `function` failed to take `attempts` times, and its payload in `data`.

    `reason` is the kind of failure and `places` where it came from; `NotAcknowledged` without places: the function
    was not there, or ended without an answer. `requeued`: it is delivered again; should that fail too, it is
    `waiting` once more. `consumed_at`: when the function took it after all, where the function remembers that.
    It is removed at `expires_at`.
    """

    id: UUID
    project_id: UUID | None
    kind: LetterKind
    function: str
    type: str
    message_id: UUID
    status: LetterStatus
    attempts: int
    reason: str
    places: list[str]
    ordering_key: str
    correlation_id: str
    data: dict[str, Any]
    first_failed_at: datetime
    failed_at: datetime
    times_requeued: int
    requeued_at: datetime | None
    requeued_by: UUID | None
    consumed_at: datetime | None
    expires_at: datetime


# A task does not say which project it belongs to: every admin of the tenant sees it.
DEAD_LETTERS = Source(
    view=DeadLetterView,
    tables="dead_letters d",
    alias="d",
    columns={
        "data": "d.body -> 'data'",
        "consumed_at": """select i.consumed_at from inbox i
            where i.tenant_id = d.tenant_id and i.consumer = d.function and i.event_id = d.message_id""",
    },
    where=f"(d.project_id is null or d.project_id = {CALLERS_PROJECT})",
    filters=("status", "kind", "function", "type", "reason", "message_id", "ordering_key", "failed_at"),
    sorts=("failed_at", "first_failed_at"),
    default_sort="failed_at:desc",
    noun="dead letter",
)
