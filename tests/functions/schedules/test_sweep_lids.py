from infra.fakes.waha_events import Addressing
from tests.support.calls import tick


def test_hidden_ids_whose_phone_is_unknown_are_found_in_every_tenant(world, shops, swept, everything):
    for shop in shops:
        shop.hears("Oi", addressing=Addressing.LID)
    swept()
    world.advance(1)
    before = everything()
    assert tick("sweep_lids") == 204
    unknown = world.rows("select tenant_id, id from lid_lookups order by tenant_id")
    assert swept() == [(row["tenant_id"], "look_up_lid", row["id"]) for row in unknown]
    assert len(unknown) == 2
    assert everything() == before


def test_what_is_not_due_or_is_asked_no_more_is_left_alone(world, shops, swept):
    for shop, due in zip(shops, ("null", "clock_timestamp() + interval '1 minute'"), strict=True):
        shop.hears("Oi", addressing=Addressing.LID)
        world.run(f"update lid_lookups set next_at = {due} where tenant_id = :id", id=shop.tenant.tenant_id)
    swept()
    assert (tick("sweep_lids"), swept()) == (204, [])
