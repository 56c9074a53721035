"""What the relay does, once, when no relay does it."""

from shared.runtime.postgres import sql
from shared.runtime.relay import Outside
from shared.runtime.schedule import AllTenants, schedule
from shared.runtime.telemetry import say
from shared.runtime.uses import Use

# A task is due when a queue would take it: until then nobody is late. One that was put off waits since it became due.
_WAITING = sql("""
select count(*), round(extract(epoch from now() - min(since)), 1) from (
    select created_at as since from outbox_events where published_at is null
    union all
    select greatest(created_at, run_at - interval '29 days')
    from outbox_tasks
    where published_at is null and (run_at is null or run_at < clock_timestamp() + interval '29 days')
) as due
""")
SECONDS = 45.0  # the next sweep begins a minute after this one


@schedule("* * * * *", uses=(Use.PUBSUB, Use.TASKS))
def sweep_outbox(tenants: AllTenants) -> None:
    """Publish what waits in the outbox while no relay serves it."""
    ((waiting, seconds),) = tenants.find(_WAITING)
    say("outbox", waiting=int(waiting or 0), oldest_seconds=float(seconds or 0))
    with Outside() as outside:
        outside.relay(sweeping=True).sweep(SECONDS)
