from tests.support.calls import tick


def groups(world):
    return world.rows("select tenant_id, id from message_groups order by tenant_id")


def test_bursts_whose_timer_was_lost_are_closed_in_every_tenant(world, shops, swept, everything):
    for shop in shops:
        shop.hears("Oi")
    world.advance(44)
    swept()
    assert (tick("sweep_message_groups"), swept()) == (204, [])
    world.advance(2)
    before = everything()
    assert tick("sweep_message_groups") == 204
    assert swept() == [(row["tenant_id"], "close_message_group", row["id"], 0) for row in groups(world)]
    assert everything() == before


def test_a_burst_goes_from_the_sweep_to_its_outcome(world, shops):
    for shop in shops:
        shop.hears("Oi")
    world.run("delete from outbox_tasks")
    world.advance(46)
    assert tick("sweep_message_groups") == 204
    world.drain()
    assert shops[0].outcomes() == ["no_agent", "no_agent"]


def test_bursts_that_nobody_answered_are_ended_after_a_quarter_of_an_hour(world, shops, swept):
    for shop in shops:
        shop.hears("Oi")
    world.run("update message_groups set status = 'completed', closed_at = clock_timestamp(), text = 'Oi'")
    swept()
    world.advance(14 * 60)
    assert (tick("sweep_message_groups"), swept()) == (204, [])
    world.advance(61)
    assert tick("sweep_message_groups") == 204
    assert swept() == [(row["tenant_id"], "settle_message_group", row["id"]) for row in groups(world)]
    world.drain()
    assert shops[0].outcomes() == ["failed", "failed"]
    assert {row["held_by"] for row in world.rows("select held_by from sessions")} == {"human"}


def test_bursts_that_have_ended_are_left_alone(world, shops, swept):
    for shop in shops:
        shop.hears("Oi")
        shop.settles()
    world.advance(60 * 60)
    swept()
    assert (tick("sweep_message_groups"), swept()) == (204, [])
