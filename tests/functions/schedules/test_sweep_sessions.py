from tests.support.calls import tick

DAY = 24 * 60 * 60


def test_silent_sessions_are_ended_in_every_tenant(world, shops, swept, everything):
    for shop in shops:
        shop.hears("Oi")
    swept()
    world.advance(DAY - 60)
    assert (tick("sweep_sessions"), swept()) == (204, [])
    world.advance(61)
    before = everything()
    assert tick("sweep_sessions") == 204
    silent = world.rows("select tenant_id, id from sessions order by tenant_id")
    assert swept() == [(row["tenant_id"], "expire_session", row["id"]) for row in silent]
    assert everything() == before
    world.drain()
    assert {row["close_reason"] for row in world.rows("select close_reason from sessions")} == {"timeout"}


def test_sessions_that_have_ended_are_left_alone(world, shops, swept):
    for shop in shops:
        shop.hears("Oi")
    world.run("update sessions set status = 'closed', close_reason = 'manual', ended_at = last_message_at")
    world.advance(3 * DAY)
    swept()
    assert (tick("sweep_sessions"), swept()) == (204, [])
