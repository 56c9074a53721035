"""The consumer declaration, and the one path every event takes."""

import base64
import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Unpack
from uuid import UUID

from flask import Request, Response

from shared.kernel.events import Event
from shared.runtime.answers import answer
from shared.runtime.declarations import ATTRIBUTE, Declaration, Deployment, Kind
from shared.runtime.parsing import adapter
from shared.runtime.postgres import sql
from shared.runtime.retry import retried
from shared.runtime.telemetry import configure, say, traced
from shared.runtime.work import UnitOfWork, unit_of_work

Handler = Callable[..., None]

_REMEMBER = """
insert into inbox (tenant_id, consumer, event_id) values (:tenant_id, :consumer, :event_id)
on conflict do nothing returning consumer
"""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What every event carries beside its payload."""

    event_id: UUID
    event_type: str
    occurred_at: datetime
    tenant_id: UUID
    project_id: UUID | None
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    correlation_id: str | None
    actor: dict[str, Any]
    data: dict[str, Any]


class Busy(Exception):
    """Not now: the same work is under way elsewhere, or what it needs is away. It is to be delivered again."""


@dataclass(frozen=True)
class Transactions:
    """Transactions of one tenant, for work that calls an outside service between them.

    Claim in the first, call with none open, record in the last; `once` makes that last one count once.
    """

    tenant_id: UUID
    consumer: str
    message_id: UUID

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        with unit_of_work(self.tenant_id) as uow:
            yield uow

    def once(self, uow: UnitOfWork) -> bool:
        """Remember in this transaction that the message was worked on; False when it was before."""
        remember = sql(_REMEMBER, tenant_id=self.tenant_id, consumer=self.consumer, event_id=self.message_id)
        return bool(uow.run(remember)[0])


def work_once(transactions: Transactions, handler: Handler, types: dict[str, Any], message: Any) -> None:
    """Run a handler for a message: in one transaction that counts once, or with the transactions in its hands."""
    if "transactions" in types:
        handler(transactions, message)
        return

    def attempt() -> None:
        with transactions.begin() as uow:
            if transactions.once(uow):
                handler(uow, message)
                uow.commit()

    retried(attempt)


@dataclass(frozen=True, kw_only=True)
class Consumer(Declaration):
    """A function that is called once for every event of some kinds; Pub/Sub pushes them to it."""

    kind: ClassVar[Kind] = Kind.CONSUMER

    events: tuple[type[Event], ...]
    ordered: bool
    ack_deadline: int
    max_attempts: int

    def trigger(self) -> dict[str, Any]:
        return {
            "events": sorted(event.event_type for event in self.events),
            "topics": sorted({event.topic() for event in self.events}),
            "ordered": self.ordered,
            "ack_deadline": self.ack_deadline,
            "max_attempts": self.max_attempts,
        }

    def serve(self, request: Request) -> Response:
        """Take one push; anything but 2xx makes Pub/Sub deliver it again."""
        configure()
        envelope = self._open(request)
        with traced(
            function=self.name,
            request_id=str(envelope.event_id),
            correlation_id=envelope.correlation_id or "",
            causation_id=str(envelope.event_id),
            tenant_id=envelope.tenant_id,
        ):
            try:
                self._consume(envelope)
            except Busy as error:
                say("not now", event_type=envelope.event_type, reason=str(error))
                return answer(503, b"")
            except Exception as error:  # noqa: BLE001 - the last line before the wire
                say("not consumed", level=40, error=True, event_type=envelope.event_type, reason=type(error).__name__)
                return answer(500, b"")
            return answer(204, b"")

    def _open(self, request: Request) -> Envelope:
        message = json.loads(request.get_data())["message"]
        envelope: Envelope = adapter(Envelope).validate_json(base64.b64decode(message["data"]))
        return envelope

    def _consume(self, envelope: Envelope) -> None:
        kind = next((event for event in self.events if event.event_type == envelope.event_type), None)
        if kind is None:
            say("not ours", event_type=envelope.event_type)
            return
        event = adapter(kind).validate_python(envelope.data)
        transactions = Transactions(envelope.tenant_id, self.name, envelope.event_id)
        handler = functools.partial(self.handler, envelope=envelope) if "envelope" in self.types else self.handler
        work_once(transactions, handler, self.types, event)


def consumer(
    *events: type[Event],
    ordered: bool = False,
    ack_deadline: int = 60,
    max_attempts: int = 10,
    **deployment: Unpack[Deployment],
) -> Callable[[Handler], Callable[[Request], Response]]:
    """Declare one function that runs once for every event of these kinds.

    Its handler takes `uow` and the event, or `transactions` and the event when it calls an outside
    service; and `envelope` if it asks for it. `ack_deadline` is in seconds.
    """
    deployment.setdefault("timeout", ack_deadline)

    def declare(handler: Handler) -> Callable[[Request], Response]:
        spec = Consumer(
            handler=handler,
            events=events,
            ordered=ordered,
            ack_deadline=ack_deadline,
            max_attempts=max_attempts,
            **deployment,
        )

        @functools.wraps(handler)
        def serve(request: Request) -> Response:
            return spec.serve(request)

        setattr(serve, ATTRIBUTE, spec)
        return serve

    return declare
