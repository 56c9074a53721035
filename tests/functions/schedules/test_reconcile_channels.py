from tests.support.calls import tick


def test_every_active_channel_of_every_tenant_is_compared(world, shops, swept):
    ours, theirs = shops
    world.run("update channels set status = 'inactive' where id = :id", id=theirs.channel.id)
    assert tick("reconcile_channels") == 204
    (only,) = swept()
    tenant, task, *about = only
    assert (tenant, task) == (str(ours.tenant.tenant_id), "reconcile_history")
    assert str(ours.channel.id) in about
