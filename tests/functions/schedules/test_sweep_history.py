from tests.support.calls import tick


def test_only_runs_that_nobody_works_on_are_set_going(world, api, shops, swept, everything):
    ours, _ = shops
    for shop in shops:
        path = f"/api/v1/crm/channels/{shop.channel.id}/import-history"
        assert api.post(path, as_=shop.tenant.admin).status_code == 202
    world.run(
        "update history_runs set updated_at = now() - interval '11 minutes' where tenant_id = :id",
        id=ours.tenant.tenant_id,
    )
    swept()
    before = everything()
    assert tick("sweep_history") == 204
    run_id = world.value("select id from history_runs where tenant_id = :id", id=ours.tenant.tenant_id)
    assert swept() == [(str(ours.tenant.tenant_id), "revive_history", run_id)]
    assert everything() == before


def test_runs_whose_timer_was_lost_are_set_going(world, api, shops, swept):
    ours, theirs = shops
    waiting = "update history_runs set status = 'paused', resumes_at = now() - make_interval(mins => :ago)"
    for shop, ago in ((ours, 11), (theirs, 9)):
        path = f"/api/v1/crm/channels/{shop.channel.id}/import-history"
        assert api.post(path, as_=shop.tenant.admin).status_code == 202
        world.run(f"{waiting} where tenant_id = :id", ago=ago, id=shop.tenant.tenant_id)
    swept()
    assert tick("sweep_history") == 204
    run_id = world.value("select id from history_runs where tenant_id = :id", id=ours.tenant.tenant_id)
    assert swept() == [(str(ours.tenant.tenant_id), "revive_history", run_id)]
