"""The relay as a process."""

from threading import Event

from shared.runtime.relay import Outside
from shared.runtime.service import service
from shared.runtime.uses import Use


@service(uses=(Use.RELAY, Use.PUBSUB, Use.TASKS), warm=True)
def relay_outbox(stop: Event) -> None:
    """Publish every event and create every task that a transaction has left in the outbox."""
    with Outside() as outside:
        outside.relay().run(stop)
