"""The service declaration: the few processes that live long, on Cloud Run."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Signal
from typing import Any, ClassVar

from shared.runtime.declarations import ATTRIBUTE, Declaration, Kind, declaration_of
from shared.runtime.telemetry import configure, traced

Handler = Callable[[Signal], None]


@dataclass(frozen=True, kw_only=True)
class Service(Declaration):
    """A process that runs until it is told to stop."""

    kind: ClassVar[Kind] = Kind.SERVICE

    def trigger(self) -> dict[str, Any]:
        return {"always_on": True}


def service(handler: Handler) -> Handler:
    """Declare one long-lived process; its handler works until the signal it is given is set."""
    setattr(handler, ATTRIBUTE, Service(handler=handler, concurrency=1))
    return handler


def run_service(function: Handler) -> None:
    """Be that process: run it until SIGTERM or Ctrl-C, and return when it has finished in order."""
    configure()
    stop = Signal()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with traced(function=declaration_of(function).name):
        function(stop)
