"""Forgetting what was kept for a while only."""

import time

from shared.runtime.schedule import AllTenants, Old, schedule
from shared.runtime.telemetry import say

SECONDS = 120.0  # what is left then goes the next night
_EXPIRED = "expires_at < now()"
_OF_STRANGERS = "contact_id is null and created_at < now() - interval '30 days'"
EXPIRED = (
    Old(table="inbound_deliveries", time="expires_at", condition=_EXPIRED),
    Old(table="early_events", time="expires_at", condition=_EXPIRED),
    Old(table="presences", time="expires_at", condition=_EXPIRED),
    Old(table="calls", time="created_at", condition=_OF_STRANGERS),
    Old(table="idempotency_keys", time="expires_at", condition=_EXPIRED),
    Old(table="history_chats", time="expires_at", condition=_EXPIRED),
    Old(table="number_checks", time="expires_at", condition=_EXPIRED),
    Old(table="login_sessions", time="expires_at", condition=_EXPIRED),
    Old(table="dead_letters", time="expires_at", condition=_EXPIRED),
    Old(table="auth_attempts", time="at", condition="at < now() - interval '1 hour'"),
    Old(table="inbox", time="consumed_at", condition="consumed_at < now() - interval '30 days'"),
)


@schedule("17 3 * * *")
def remove_expired_rows(tenants: AllTenants) -> None:
    """Remove what was kept for a while: raw deliveries, what waits for its message, calls of strangers and the like."""
    until = time.monotonic() + SECONDS
    for old in EXPIRED:
        say("removed", table=old.table, rows=tenants.remove(old, until=until))
