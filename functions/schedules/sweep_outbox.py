"""What the relay does, once, when no relay does it."""

from shared.runtime.relay import Outside
from shared.runtime.schedule import AllTenants, schedule
from shared.runtime.uses import Use

SECONDS = 45.0  # the next sweep begins a minute after this one


@schedule("* * * * *", uses=(Use.PUBSUB, Use.TASKS))
def sweep_outbox(_: AllTenants) -> None:
    """Publish what waits in the outbox while no relay serves it."""
    with Outside() as outside:
        outside.relay(sweeping=True).sweep(SECONDS)
