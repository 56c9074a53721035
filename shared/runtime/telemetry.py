"""Logs as JSON lines that name the request, the tenant and the function, and hold nobody's words or numbers."""

import gc
import json
import logging
import math
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from shared.kernel.ids import uuid7
from shared.runtime.settings import settings

log = logging.getLogger("ventros")
# Asked for every word, these quote the rows and requests that pass through them.
TALKATIVE = ("sqlalchemy", "urllib3", "google", "grpc", "httpx", "httpcore", "pg8000")


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Where the present work comes from; carried into events, tasks and log lines."""

    function: str = ""
    request_id: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""  # of the present span, as whoever is called from here is told
    tenant_id: UUID | None = None

    def but(self, **changes: Any) -> "Trace":
        return Trace(**{**vars(self), **changes})


_trace: ContextVar[Trace] = ContextVar("trace", default=Trace())  # noqa: B039 - a frozen value


def trace() -> Trace:
    return _trace.get()


@contextmanager
def traced(**changes: Any) -> Iterator[Trace]:
    """Work under a trace that differs from the present one by `changes`."""
    token = _trace.set(_trace.get().but(**changes))
    try:
        yield _trace.get()
    finally:
        _trace.reset(token)


def note(**changes: Any) -> None:
    """Add to the present trace what has only now become known, such as the tenant."""
    _trace.set(_trace.get().but(**changes))


def request_id(offered: str | None) -> str:
    """The caller's request id when it is harmless, else a new one."""
    return offered if offered and re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", offered) else str(uuid7())


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        here = trace()
        line = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "function": here.function,
            "request_id": here.request_id,
            "tenant_id": str(here.tenant_id) if here.tenant_id else None,
            **correlation(here.traceparent),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            # The exception's own words may quote a customer; its type and its place may not.
            line["error"] = record.exc_info[0].__name__
            line["at"] = places_of(record.exc_info[2])
        return json.dumps({key: value for key, value in line.items() if value not in (None, "")}, default=str)


def correlation(traceparent: str) -> dict[str, Any]:
    """The fields by which Cloud Logging shows a line beside its span."""
    if not traceparent:
        return {}
    _, trace_id, span_id, flags = traceparent.split("-")
    return {
        "logging.googleapis.com/trace": f"projects/{settings().google_project}/traces/{trace_id}",
        "logging.googleapis.com/spanId": span_id,
        "logging.googleapis.com/trace_sampled": flags == "01",
    }


def places_of(traceback: Any) -> list[str]:
    """Where an exception came from, the innermost last: file, line and function."""
    places = []
    while traceback:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-8:]


def configure() -> None:
    """Send the house's log lines to standard output, where Cloud Logging reads them. Every call begins with it."""
    _settle()
    if not log.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonLines())
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


@cache
def _settle() -> None:
    # What was loaded stays, so nobody need look through it for garbage again.
    gc.freeze()
    gc.set_threshold(50_000)
    # Once: to set a level clears what every logger of the process has worked out.
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Nor is who wrote it: none of these is in any line of ours.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # A line that cannot be written would be complained of on standard error, quoting whatever was at work.
    logging.raiseExceptions = False


class Seldom:
    """A warning that may be due with every request: written at most once in `every` seconds, with how often it was."""

    def __init__(self, message: str, every: float) -> None:
        self._message, self._every = message, every
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._times, self._quiet_until = 0, -math.inf

    def warn(self, **fields: Any) -> None:
        """Count it, and write the line if it is time; `times` are all since the last line, this one included."""
        with self._lock:
            self._times += 1
            if time.monotonic() < self._quiet_until:
                return
            times, self._times = self._times, 0
            self._quiet_until = time.monotonic() + self._every
        say(self._message, level=logging.WARNING, times=times, **fields)


def say(message: str, *, level: int = logging.INFO, error: bool = False, **fields: Any) -> None:
    """Write one log line; `fields` are ids, counts and codes, never what somebody wrote."""
    if log.isEnabledFor(level):
        # Where it was written from is not in the line, so nobody looks for it.
        record = logging.LogRecord(log.name, level, "", 0, message, None, sys.exc_info() if error else None)
        record.fields = fields
        log.handle(record)
