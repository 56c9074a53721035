import pytest

from shared.crm.message_groups.tasks import CloseMessageGroup
from shared.kernel.ids import uuid7
from tests.support.calls import again, give
from tests.support.shop import open_shop


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        yield shop


@pytest.fixture
def close(shop, world):
    def close():
        (group,) = world.rows("select * from message_groups")
        return give(shop.tenant.tenant_id, CloseMessageGroup(group_id=group["id"], generation=group["generation"]))

    return close


def test_a_burst_whose_timer_was_lost_is_answered_all_the_same(shop, world, close):
    shop.hears("Oi")
    world.run("delete from outbox_tasks")
    world.advance(46)
    assert [close(), close()] == [204, 204]
    shop.settles()
    assert (len(shop.sent), shop.outcomes()) == (1, ["replied"])


def test_the_lost_timer_does_nothing_when_it_comes_after_all(shop, world, close):
    shop.hears("Oi")
    world.advance(46)
    assert close() == 204
    assert again(world.tasks("flush_message_group")[0]) == 204
    assert len(world.events("message_group.completed")) == 1


def test_a_burst_that_goes_on_gets_a_timer_again(shop, world, close):
    shop.hears("Oi")
    world.run("delete from outbox_tasks")
    world.advance(14)
    shop.hears("tudo bem?")
    assert close() == 204
    assert world.value("select status from message_groups") == "pending"
    (timer,) = world.tasks("flush_message_group")
    assert timer["run_at"] == world.value("select deadline_at from message_groups")
    shop.settles()
    assert (len(shop.sent), shop.outcomes()) == (1, ["replied"])


def test_several_sweeps_of_a_burst_that_goes_on_set_one_timer(shop, world):
    shop.hears("Oi")
    seen = CloseMessageGroup(group_id=world.value("select id from message_groups"), generation=0)
    world.run("delete from outbox_tasks")
    assert [give(shop.tenant.tenant_id, seen) for _ in range(3)] == [204] * 3
    assert len(world.tasks("flush_message_group")) == 1


def test_a_burst_that_is_not_there_is_nothing_to_do(shop, world, other_tenant):
    shop.hears("Oi")
    world.advance(46)
    theirs = CloseMessageGroup(group_id=world.value("select id from message_groups"), generation=0)
    assert give(shop.tenant.tenant_id, CloseMessageGroup(group_id=uuid7(), generation=0)) == 204
    assert give(other_tenant.tenant_id, theirs) == 204
    assert world.value("select status from message_groups") == "pending"
