"""A run that lives is left alone; a lost one begins a round of its own."""

from uuid import UUID

from shared.crm.history.tasks import ReviveHistory
from tests.support.calls import give


def test_only_a_lost_run_is_revived(past, world):
    run_id = UUID(past.asks()["id"])
    task = ReviveHistory(run_id=run_id)
    assert give(past.shop.tenant.tenant_id, task) == 204
    assert world.value("select round from history_runs") == 1
    world.run("update history_runs set updated_at = now() - interval '11 minutes'")
    assert give(past.shop.tenant.tenant_id, task) == 204
    assert give(past.shop.tenant.tenant_id, task) == 204
    assert world.value("select round from history_runs") == 2
    past.works()
    assert past.ids() == past.remembered()
