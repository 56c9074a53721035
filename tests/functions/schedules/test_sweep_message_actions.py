import pytest

from tests.functions.crm.messages.asking import acts, answer, patch
from tests.support.calls import tick

HALF_DONE = "update message_actions set status = 'sending', claimed_at = clock_timestamp()"


@pytest.fixture
def asked(world, shops):
    """One message of each tenant is to be changed: the tenant and the action, in the order of tenants."""
    for shop in shops:
        shop.hears("Oi")
    for shop, sent in [(shop, answer(shop)) for shop in shops]:
        assert patch(shop, sent, text="Boa tarde!").status_code == 200
    return world.rows("select tenant_id, id from message_actions order by tenant_id")


def test_what_was_left_undone_is_found_in_every_tenant(world, asked, swept, everything):
    swept()
    world.advance(14 * 60)
    assert (tick("sweep_message_actions"), swept()) == (204, [])
    world.advance(61)
    before = everything()
    assert tick("sweep_message_actions") == 204
    assert swept() == [(row["tenant_id"], "perform_message_action", row["id"]) for row in asked]
    assert everything() == before


def test_what_somebody_is_at_is_left_to_them_for_a_while(world, asked, swept):
    swept()
    world.advance(20 * 60)
    world.run(HALF_DONE)
    world.advance(85)
    assert (tick("sweep_message_actions"), swept()) == (204, [])
    world.advance(6)
    assert tick("sweep_message_actions") == 204
    assert len(swept()) == len(asked)


def test_one_whose_task_was_lost_is_done_after_all(world, shops, asked):
    world.run("delete from outbox_tasks")
    world.advance(16 * 60)
    assert tick("sweep_message_actions") == 204
    world.drain()
    assert [acts(shop) for shop in shops] == [[("edit", "Boa tarde!")]] * len(shops)


@pytest.mark.parametrize("ended", ["done", "failed", "superseded"])
def test_those_that_ended_are_left_alone(world, asked, swept, ended):
    world.run("update message_actions set status = :ended", ended=ended)
    world.advance(60 * 60)
    swept()
    assert (tick("sweep_message_actions"), swept()) == (204, [])
