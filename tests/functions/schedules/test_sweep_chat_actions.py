import pytest

from tests.functions.crm.chats.asking import acts, ask
from tests.support.calls import tick

HALF_DONE = "update chat_actions set status = 'sending', claimed_at = clock_timestamp()"


@pytest.fixture
def asked(world, shops):
    """One chat of each tenant is to lose its labels: the tenant and the action, in the order of tenants."""
    for shop in shops:
        shop.hears("Oi")
        assert ask(shop, "PUT", "/labels", {"labels": []}).status_code == 202
    return world.rows("select tenant_id, id from chat_actions order by tenant_id")


def test_what_was_left_undone_is_found_in_every_tenant(world, asked, swept, everything):
    swept()
    world.advance(14 * 60)
    assert (tick("sweep_chat_actions"), swept()) == (204, [])
    world.advance(61)
    before = everything()
    assert tick("sweep_chat_actions") == 204
    assert swept() == [(row["tenant_id"], "perform_chat_action", row["id"]) for row in asked]
    assert everything() == before


def test_what_somebody_is_at_is_left_to_them_for_a_while(world, asked, swept):
    swept()
    world.advance(20 * 60)
    world.run(HALF_DONE)
    world.advance(85)
    assert (tick("sweep_chat_actions"), swept()) == (204, [])
    world.advance(6)
    assert tick("sweep_chat_actions") == 204
    assert len(swept()) == len(asked)


def test_one_whose_task_was_lost_is_done_after_all(world, shops, asked):
    world.run("delete from outbox_tasks")
    world.advance(16 * 60)
    assert tick("sweep_chat_actions") == 204
    world.drain()
    assert [[each[0] for each in acts(shop)] for shop in shops] == [["labels"]] * len(shops)


@pytest.mark.parametrize("ended", ["done", "failed", "superseded"])
def test_those_that_ended_are_left_alone(world, asked, swept, ended):
    world.run("update chat_actions set status = :ended", ended=ended)
    world.advance(60 * 60)
    swept()
    assert (tick("sweep_chat_actions"), swept()) == (204, [])
