import pytest

from shared.crm.message_groups.tasks import SettleMessageGroup
from shared.kernel.ids import uuid7
from tests.shared.ai.runs.thinking import think
from tests.support.calls import again, give, tell
from tests.support.shop import open_shop


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        yield shop


@pytest.fixture
def settle(shop, world):
    return lambda: give(
        shop.tenant.tenant_id, SettleMessageGroup(group_id=world.value("select id from message_groups"))
    )


@pytest.fixture
def completed(shop, world):
    """A burst that is put together and that nobody has answered."""
    shop.hears("Oi")
    world.advance(16)
    assert again(world.tasks("flush_message_group")[0]) == 204
    return world.events("message_group.completed")[0]


def test_a_burst_that_nobody_answered_has_failed_and_a_person_is_called(shop, world, completed, settle):
    assert [settle(), settle()] == [204, 204]
    (group,) = world.rows("select * from message_groups")
    assert (group["outcome"], group["outcome_reason"]) == ("failed", "no answer came within fifteen minutes")
    assert world.value("select held_by from sessions") == "human"
    assert [len(world.events(name)) for name in ("session.escalated", "message_group.settled")] == [1, 1]


def test_an_answer_that_comes_after_all_is_not_given(shop, world, completed, settle, monkeypatch):
    think(monkeypatch, settle)
    assert tell(completed) == [204]
    shop.settles()
    assert (shop.sent, shop.outcomes()) == ([], ["failed"])
    (run,) = world.rows("select * from ai_runs")
    assert (run["status"], run["error"]) == ("failed", "no answer came within fifteen minutes")


def test_the_event_that_comes_after_all_finds_nothing_to_do(shop, world, completed, settle):
    assert settle() == 204
    assert tell(completed) == [204]
    assert (shop.outcomes(), world.rows("select 1 from ai_runs")) == (["failed"], [])


def test_a_burst_that_was_answered_stays_so(shop, world, settle):
    shop.hears("Oi")
    shop.settles()
    assert settle() == 204
    assert (shop.outcomes(), world.value("select held_by from sessions")) == (["replied"], "bot")


def test_a_burst_that_still_waits_is_left_to_its_timer(shop, world, settle):
    shop.hears("Oi")
    assert settle() == 204
    assert (world.value("select status from message_groups"), shop.outcomes()) == ("pending", [None])


def test_a_burst_that_is_not_there_is_nothing_to_do(shop, world, completed, other_tenant):
    theirs = SettleMessageGroup(group_id=world.value("select id from message_groups"))
    assert give(shop.tenant.tenant_id, SettleMessageGroup(group_id=uuid7())) == 204
    assert give(other_tenant.tenant_id, theirs) == 204
    assert shop.outcomes() == [None]
