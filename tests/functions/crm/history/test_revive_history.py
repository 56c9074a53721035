"""A run that lives is left alone; a lost one begins a round of its own."""

from uuid import UUID

from shared.crm.history.tasks import ReviveHistory
from shared.crm.history.use_cases import MOST_REVIVALS
from tests.support.calls import again, give


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


def lost(past, world, times):
    """The run's steps are lost, so many times."""
    task = ReviveHistory(run_id=UUID(past.status()["id"]))
    for _ in range(times):
        world.run("update history_runs set updated_at = now() - interval '11 minutes'")
        assert give(past.shop.tenant.tenant_id, task) == 204


def test_a_run_that_never_gets_anywhere_is_given_up(past, world):
    past.asks()
    lost(past, world, MOST_REVIVALS)
    assert past.status()["status"] == "running"
    lost(past, world, 2)
    assert (past.status()["status"], past.status()["failure_code"]) == ("failed", "stuck")
    assert world.events("channel.history_import_failed")[0]["data"]["code"] == "stuck"
    past.asks("import-history/resume", 200)
    lost(past, world, 1)
    past.works()
    assert past.ids() == past.remembered()


def test_a_page_that_is_read_is_a_new_beginning(past, world):
    past.asks()
    for _ in range(3):
        for row in world.tasks("list_history"):
            assert again(row) == 204
    lost(past, world, MOST_REVIVALS)
    lane = next(row for row in world.tasks("read_history") if row["body"]["data"]["round"] == MOST_REVIVALS + 1)
    assert again(lane) == 204
    lost(past, world, 1)
    assert past.status()["status"] == "running"
