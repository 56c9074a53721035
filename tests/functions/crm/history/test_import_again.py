"""A number that was just connected has its past imported again, while its server is still being told of it."""

import pytest

from infra.fakes.waha_history import Trouble
from shared.crm.history.passes import AGAIN_AFTER
from tests.functions.crm.history.test_follow_connection import connects, runs
from tests.support.calls import again

DAY = 86_400
MINUTES = [delay.total_seconds() / 60 for delay in AGAIN_AFTER]


@pytest.fixture
def fresh(small):
    """A channel that asks for its past, and whose server knows nothing of it yet."""
    body = {"imports_history": True}
    assert small.shop.api.patch(small.path, body, as_=small.shop.tenant.admin).status_code == 200
    connects(small, "WORKING")
    small.shop.world.drain()
    return small


def passes(world, delay):
    """So many minutes go by, and what is due by then is done."""
    world.advance(delay * 60 + 1)
    world.drain()


def read_until(world):
    return world.value("select history_read_until from channels")


def test_what_the_server_is_told_later_is_fetched_later(fresh, world):
    assert (fresh.messages(), read_until(world)) == ([], None)
    for number, delay in enumerate(MINUTES):
        fresh.keeps(f"oi{number}", (10 - number) * DAY)
        passes(world, delay)
        assert len(fresh.messages()) == number + 1
    assert [row["cause"] for row in runs(world)] == ["connected"] * 4
    assert world.value("select count(distinct since) from history_runs") == 1
    assert read_until(world) == world.value("select max(until) from history_runs")


def test_a_pass_that_adds_nothing_is_the_last(fresh, world):
    fresh.keeps("oi", 5 * DAY)
    passes(world, MINUTES[0])
    assert read_until(world) is None
    passes(world, MINUTES[1])
    assert read_until(world) is not None
    passes(world, MINUTES[2])
    assert len(runs(world)) == 3


def test_a_server_that_stays_empty_is_asked_three_times_more(fresh, world):
    for delay in (*MINUTES, MINUTES[2]):
        passes(world, delay)
    assert len(runs(world)) == 4
    assert read_until(world) is not None


def test_a_pass_comes_once_however_often_it_is_set_going(fresh, world):
    (row,) = world.tasks("recover_history")
    assert again(row) == again(row) == 204
    world.drain()
    assert again(row) == 204
    world.drain()
    assert len(runs(world)) == 2


@pytest.mark.parametrize("change", ["status = 'inactive'", "imports_history = false", "history_read_until = now()"])
def test_what_is_not_wanted_any_more_is_not_done_again(fresh, world, change):
    world.run(f"update channels set {change}")
    passes(world, MINUTES[0])
    assert len(runs(world)) == 1


def test_an_import_that_is_under_way_is_enough(fresh, world):
    fresh.asks()
    fresh.asks("import-history/pause", 200)
    passes(world, MINUTES[0])
    assert [row["cause"] for row in runs(world)] == ["connected", "requested"]


def test_coming_back_in_between_uses_up_no_pass(fresh, world):
    connects(fresh, "FAILED")
    connects(fresh, "WORKING")
    world.drain()
    assert [row["cause"] for row in runs(world)] == ["connected", "downtime"]


def test_coming_back_makes_good_a_pass_that_could_not_be_done(fresh, world):
    world.run("update channels set status = 'inactive'")
    passes(world, MINUTES[0])
    world.run("update channels set status = 'active'")
    connects(fresh, "FAILED")
    connects(fresh, "WORKING")
    world.drain()
    assert [row["cause"] for row in runs(world)] == ["connected", "connected"]


def test_a_pass_that_could_not_read_a_chat_leaves_the_past_open(fresh, world):
    fresh.keeps("oi", 5 * DAY)
    fresh.archive.trouble = Trouble(share=1)
    fresh.archive.trouble.of = lambda name, attempt: None if name.startswith("chats") else "error_500"
    passes(world, MINUTES[0])
    fresh.works()
    assert [row["status"] for row in runs(world)] == ["completed", "failed"]
    assert read_until(world) is None
