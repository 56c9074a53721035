"""Keeping the outbox small."""

import time

from shared.runtime.schedule import AllTenants, Old, schedule
from shared.runtime.settings import settings
from shared.runtime.telemetry import say

SECONDS = 120.0  # what is left then goes an hour later
_LONG_AGO = "published_at < now() - make_interval(days => :days)"
# A row is made before it is published, and only the time it was made has an index.
_PUBLISHED = f"{_LONG_AGO} and created_at < now() - make_interval(days => :days)"


@schedule("43 * * * *")
def remove_published_rows(tenants: AllTenants) -> None:
    """Remove events and tasks from the outbox that were published longer ago than the settings say."""
    until = time.monotonic() + SECONDS
    for table in ("outbox_events", "outbox_tasks"):
        days = {"days": max(1, int(settings().outbox_kept_days))}
        old = Old(table=table, time="created_at", condition=_PUBLISHED, values=days)
        say("removed", table=table, rows=tenants.remove(old, until=until))
