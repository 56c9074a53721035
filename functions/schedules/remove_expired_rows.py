from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_EXPIRED = (
    "delete from inbound_deliveries where expires_at < now()",
    "delete from early_receipts where expires_at < now()",
    "delete from idempotency_keys where expires_at < now()",
    "delete from auth_attempts where at < now() - interval '1 hour'",
    "delete from login_sessions where expires_at < now()",
    "delete from inbox where consumed_at < now() - interval '30 days'",
)


@schedule("17 3 * * *")
def remove_expired_rows(tenants: AllTenants) -> None:
    """Remove raw deliveries, early receipts, kept answers, sign-ins and inbox rows whose time is over."""
    for statement in _EXPIRED:
        tenants.find(sql(statement))
