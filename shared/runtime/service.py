"""The service declaration: the few processes that live long, on Cloud Run."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Signal
from typing import Any, ClassVar

from shared.runtime.declarations import ATTRIBUTE, Declaration, Kind

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
