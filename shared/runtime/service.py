"""The service declaration: the few processes that live long, on Cloud Run."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Signal
from typing import Any, ClassVar, Unpack

from shared.runtime.declarations import ATTRIBUTE, Declaration, Deployment, Kind, declaration_of
from shared.runtime.telemetry import configure, traced
from shared.runtime.uses import Use

Handler = Callable[[Signal], None]


@dataclass(frozen=True, kw_only=True)
class Service(Declaration):
    """A process that runs until it is told to stop."""

    kind: ClassVar[Kind] = Kind.SERVICE

    def trigger(self) -> dict[str, Any]:
        return {"always_on": True}

    @property
    def standard_uses(self) -> set[Use]:
        return set()


def service(**deployment: Unpack[Deployment]) -> Callable[[Handler], Handler]:
    """Declare one long-lived process; its handler works until the signal it is given is set."""

    def declare(handler: Handler) -> Handler:
        setattr(handler, ATTRIBUTE, Service(handler=handler, **deployment))
        return handler

    return declare


def run_service(function: Handler) -> None:
    """Be that process: run it until SIGTERM or Ctrl-C, and return when it has finished in order."""
    configure()
    stop = Signal()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with traced(function=declaration_of(function).name):
        function(stop)
