"""Every night a channel is compared, unless it cannot be asked."""

import pytest

from shared.crm.history.tasks import ReconcileHistory
from tests.support.calls import give


def night(past):
    assert (
        give(past.shop.tenant.tenant_id, ReconcileHistory(channel_id=past.shop.channel.id, night="2026-01-31")) == 204
    )


def test_the_last_days_are_compared(past, world):
    night(past)
    night(past)
    past.works()
    (run,) = world.rows("select kind, cause, status, until - since = interval '3 days' as days from history_runs")
    assert run == {"kind": "reconciliation", "cause": "nightly", "status": "completed", "days": True}


@pytest.mark.parametrize("change", ["status = 'inactive'", "connection = 'failed'"])
def test_who_cannot_be_asked_is_not(past, world, change):
    world.run(f"update channels set {change}")
    night(past)
    assert past.count("history_runs") == 0
