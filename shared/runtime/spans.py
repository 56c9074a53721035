"""Where a call stands in its trace (W3C trace contexts), and spans that leave as log lines.

What a function is asked to do must not wait for whoever collects spans: a line is written, the platform's log router
carries it to a topic, and `export_spans` hands it on.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from flask import Response

from shared.runtime.settings import settings
from shared.runtime.telemetry import say, trace, traced

SPANS = "spans"  # the topic to which the log router carries such lines, and the subscription they are fetched from
MESSAGE = "span"  # what a span's line says, by which the router knows it
FAILED = 500
_ERROR = 2  # OTLP's code of a span that failed
_W3C = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_GOOGLE = re.compile(r"(?!0{32})([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([01]))?")


class SpanKind(IntEnum):
    """As OTLP counts them."""

    SERVER = 2
    CONSUMER = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Where a span is: `span_id` is its own, `parent_id` is empty where a trace begins."""

    trace_id: str
    span_id: str
    parent_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """What whoever is called from here is told."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def under(traceparent: str) -> Context:
    """A new span under the one that a `traceparent` names, or at the beginning of a new trace."""
    known = _W3C.fullmatch(traceparent)
    trace_id, caller, flags = known.groups() if known else (secrets.token_hex(16), "", "00")
    told = bool(int(flags, 16) & 1)
    return Context(
        trace_id=trace_id,
        span_id=secrets.token_hex(8),
        # A caller that keeps no span of its own would be a parent that nobody finds.
        parent_id=caller if told else "",
        sampled=told or _is_chosen(trace_id),
    )


def _is_chosen(trace_id: str) -> bool:
    """Whether the trace is one of those that are kept; whoever asks, wherever, gets the same answer."""
    return int(trace_id[-8:], 16) % max(1, int(settings().trace_one_in)) == 0


def offered(header: Callable[[str], str | None]) -> str:
    """The trace context that a request brings, as a `traceparent`; empty when there is none that can be read."""
    if _W3C.fullmatch(told := header("traceparent") or ""):
        return told
    google = _GOOGLE.fullmatch(header("X-Cloud-Trace-Context") or "")
    span = int(google[2] or 0) if google else 0
    if google is None or not 0 < span < 1 << 64:
        return ""
    return f"00-{google[1].lower()}-{span:016x}-0{google[3] or 0}"


class Call:
    """One call of a function, from its beginning on; `status` is what it was answered with."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.status = 0
        self._began = time.time_ns()

    def answered(self, response: Response) -> Response:
        """Note how the call ended, and give the answer back."""
        self.status = response.status_code
        return response

    def tell(self, kind: SpanKind) -> None:
        """Write the span's line; what every line says, such as the function's name, is not said twice."""
        span = {
            "trace": self.context.trace_id,
            "id": self.context.span_id,
            "parent": self.context.parent_id,
            "kind": int(kind),
            # As text: on their way numbers become floats, which cannot hold so many digits.
            "began": str(self._began),
            "ended": str(time.time_ns()),
            "status": self.status,
            "correlation_id": trace().correlation_id,
        }
        say(MESSAGE, span=span)


def otlp(line: Mapping[str, Any]) -> dict[str, Any]:
    """The span in a line, as OTLP has it in JSON. LookupError, TypeError or ValueError: there is none."""
    span = line["span"]
    if not _W3C.fullmatch(f"00-{span['trace']}-{span['id']}-00"):
        raise ValueError("the span has no place in a trace")
    facts = {
        "http.response.status_code": {"intValue": str(int(span["status"]))},
        "ventros.request_id": {"stringValue": str(line["request_id"])},
        "ventros.correlation_id": {"stringValue": str(span["correlation_id"])},
        "ventros.tenant_id": {"stringValue": str(line.get("tenant_id", ""))},
    }
    return {
        "traceId": span["trace"],
        "spanId": span["id"],
        "parentSpanId": str(span["parent"]),
        "name": str(line["function"]),
        "kind": int(span["kind"]),
        "startTimeUnixNano": str(int(span["began"])),
        "endTimeUnixNano": str(int(span["ended"])),
        "attributes": [{"key": key, "value": value} for key, value in facts.items() if value != {"stringValue": ""}],
        "status": {} if 0 < span["status"] < FAILED else {"code": _ERROR},
    }


@contextmanager
def called(kind: SpanKind, came: str, **context: Any) -> Iterator[Call]:
    """Work on a call in a span of its own, under the one in `came` (a `traceparent`, or empty).

    `context` is the trace's: function, request_id and so on.
    """
    call = Call(under(came))
    with traced(traceparent=call.context.traceparent, **context):
        try:
            yield call
        finally:
            if call.context.sampled:
                call.tell(kind)
