"""The declaration of the one function to which Pub/Sub pushes what no consumer has taken."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Request, Response

from shared.runtime.answers import answer
from shared.runtime.consume import came_with, letter_of
from shared.runtime.dead_letters import Letter
from shared.runtime.declarations import Declaration, Kind
from shared.runtime.postgres import is_away
from shared.runtime.spans import SpanKind, called
from shared.runtime.telemetry import configure, say

Handler = Callable[[Letter], None]

DEAD_LETTERS = "dead-letters"  # the topic to which every subscription buries
_ORIGIN = "CloudPubSubDeadLetterSource"


@dataclass(frozen=True, kw_only=True)
class Burial(Declaration):
    """A function that is called for every event that Pub/Sub has given up on."""

    kind: ClassVar[Kind] = Kind.CONSUMER

    ack_deadline: int = 60

    def trigger(self) -> dict[str, Any]:
        return {"events": [], "topics": [DEAD_LETTERS], "ordered": False, "ack_deadline": self.ack_deadline}

    def serve(self, request: Request) -> Response:
        """Take one push; anything but 2xx makes Pub/Sub deliver it again."""
        configure()
        try:
            message = json.loads(request.get_data())["message"]
            origin = message["attributes"]
            # A subscription is named consumer.topic.hash.
            consumer = origin[f"{_ORIGIN}Subscription"].partition(".")[0]
            letter = letter_of(message, consumer, int(origin.get(f"{_ORIGIN}DeliveryCount", 0)))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # None of ours, so there is nobody to keep it for; to refuse it would bring it back for a week.
            say("not a dead letter of ours", level=40, function=self.name, reason=type(error).__name__)
            return answer(204, b"")
        return self._bury(letter, came_with(message))

    def _bury(self, letter: Letter, came: str) -> Response:
        with called(
            SpanKind.CONSUMER,
            came,
            function=self.name,
            request_id=str(letter.message_id),
            correlation_id=letter.body.get("correlation_id") or "",
            tenant_id=letter.tenant_id,
        ) as call:
            return call.answered(self._safely(letter))

    def _safely(self, letter: Letter) -> Response:
        try:
            self.handler(letter)
        except Exception as error:  # noqa: BLE001 - the last line before the wire
            say("not buried", level=40, error=True, reason=type(error).__name__)
            return answer(503 if is_away(error) else 500, b"")
        return answer(204, b"")


def burial(handler: Handler) -> Callable[[Request], Response]:
    """Declare the function that keeps dead letters; its handler takes the `Letter`."""
    return Burial(handler=handler).function()
