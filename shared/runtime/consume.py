"""The consumer declaration, and the one path every event takes."""

import base64
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Unpack
from uuid import UUID

from flask import Request, Response

from shared.kernel.errors import Unavailable
from shared.kernel.events import Event, topic_of
from shared.runtime.answers import answer
from shared.runtime.dead_letters import Letter
from shared.runtime.declarations import Declaration, Deployment, Kind
from shared.runtime.parsing import adapter
from shared.runtime.postgres import DATABASE_ERRORS, is_away, is_lost, sql
from shared.runtime.retry import Crowded, retried
from shared.runtime.spans import SpanKind, called
from shared.runtime.telemetry import configure, say
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


def envelope_of(push: Mapping[str, Any]) -> Envelope:
    """The event in a push of Pub/Sub's. ValueError, LookupError or TypeError: there is none."""
    envelope: Envelope = adapter(Envelope).validate_json(base64.b64decode(push["message"]["data"]))
    return envelope


def came_with(message: Mapping[str, Any]) -> str:
    """The `traceparent` of whoever recorded the event; the push's own is Pub/Sub's and leads nowhere."""
    attributes = message.get("attributes")
    return str(attributes.get("traceparent") or "") if isinstance(attributes, Mapping) else ""


def letter_of(message: Mapping[str, Any], function: str, attempts: int) -> Letter:
    """An event as a message of Pub/Sub's, for the case that its function cannot take it.

    It is as its publisher made it: what the event itself looks like does not matter. ValueError, LookupError or
    TypeError: the relay has not published it.
    """
    body = json.loads(base64.b64decode(message["data"]))
    topic, project = topic_of(body["event_type"]), body.get("project_id")
    return Letter(
        tenant_id=UUID(body["tenant_id"]),
        project_id=UUID(project) if project else None,
        kind="event",
        function=function,
        message_id=UUID(body["event_id"]),
        type=body["event_type"],
        destination=topic,
        ordering_key=message.get("orderingKey", ""),
        body=body,
        attempts=attempts,
    )


def worked_off(work: Callable[[], None], letter: Letter, most: int) -> Response:
    """The answer to one delivery: 2xx when it was worked off, or when it failed for the last time and is kept.

    `letter.attempts` counts this delivery, as far as it is known. Anything but 2xx is delivered again.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the last line before the wire
        return _failed(error, letter, most)
    return answer(204, b"")


def _failed(error: Exception, letter: Letter, most: int) -> Response:
    gone = isinstance(error, Unavailable) or is_lost(error)
    passing = gone or isinstance(error, (Busy, Crowded)) or is_away(error)
    if passing:
        say("not now", type=letter.type, reason=type(error).__name__, because=_said(error))
    else:
        say("not done", level=40, error=True, type=letter.type, reason=type(error).__name__)
    # What we stand on is away: that is no fault of the letter, and there is no place to keep it.
    if letter.attempts < most or gone or not _is_kept(letter, error):
        return answer(503 if passing else 500, b"")
    return answer(204, b"")


def _said(error: Exception) -> str | None:
    """What an exception says, if the words are our own."""
    return str(error) if isinstance(error, (Busy, Crowded, Unavailable)) else None


def _is_kept(letter: Letter, error: Exception) -> bool:
    try:
        letter.keep_after(error)
    except DATABASE_ERRORS as lost:
        say("not kept as a dead letter", level=40, reason=type(lost).__name__)
        return False
    return True


def attempts_of(request: Request, told: Mapping[str, Any]) -> int:
    """How many times this was delivered, this time among them; 0 when nobody counts."""
    retries = request.headers.get("X-CloudTasks-TaskRetryCount", "")
    return int(retries) + 1 if retries.isdecimal() else int(told.get("deliveryAttempt") or 0)


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
        try:
            push = json.loads(request.get_data())
            envelope = envelope_of(push)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            say("not an event", level=40, consumer=self.name, reason=type(error).__name__)
            return answer(500, b"")
        with called(
            SpanKind.CONSUMER,
            came_with(push["message"]),
            function=self.name,
            request_id=str(envelope.event_id),
            correlation_id=envelope.correlation_id or "",
            causation_id=str(envelope.event_id),
            tenant_id=envelope.tenant_id,
        ) as call:
            letter = letter_of(push["message"], self.name, attempts_of(request, push))
            return call.answered(worked_off(lambda: self._consume(envelope), letter, self.max_attempts))

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
        return Consumer(
            handler=handler,
            events=events,
            ordered=ordered,
            ack_deadline=ack_deadline,
            max_attempts=max_attempts,
            **deployment,
        ).function()

    return declare
