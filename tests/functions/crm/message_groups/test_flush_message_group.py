from datetime import datetime

import pytest

from shared.crm.message_groups.tasks import FlushMessageGroup
from shared.kernel.ids import uuid7
from tests.support.calls import again, give
from tests.support.shop import open_shop


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant, debounce_timeout_ms=15_000, debounce_max_wait_ms=40_000) as shop:
        yield shop


def group(world):
    (found,) = world.rows("select * from message_groups")
    return found


def timers(world):
    return [(row["body"]["data"]["generation"], row["run_at"]) for row in world.tasks("flush_message_group")]


def test_a_burst_that_is_quiet_for_long_enough_is_put_together(shop, world):
    shop.hears("Oi")
    world.advance(16)
    assert again(world.tasks()[0]) == 204
    found = group(world)
    assert (found["status"], found["text"], found["outcome"]) == ("completed", "Oi", None)
    told = [event["event_type"] for event in world.events() if event["aggregate_id"] == found["id"]]
    assert told[-2:] == ["message_group.processing", "message_group.completed"]


def test_a_timer_that_is_early_sets_the_next_for_the_deadline(shop, world):
    shop.hears("Oi")
    world.advance(10)
    shop.hears("tudo bem?")
    world.advance(6)
    assert again(world.tasks()[0]) == 204
    found = group(world)
    assert (found["status"], found["generation"]) == ("pending", 1)
    assert timers(world)[1] == (1, found["deadline_at"])
    assert len({row["dedup_name"] for row in world.tasks()}) == 2


def test_a_timer_of_an_old_generation_does_nothing(shop, world):
    shop.hears("Oi")
    early, late = world.tasks()[0], FlushMessageGroup(group_id=group(world)["id"], generation=0)
    assert again(early) == 204
    world.advance(60)
    assert give(shop.tenant.tenant_id, late) == 204
    assert (group(world)["status"], len(timers(world))) == ("pending", 2)
    assert again(world.tasks()[1]) == 204
    assert group(world)["status"] == "completed"


@pytest.mark.parametrize("after", [0, 16, 315], ids=["early", "in_time", "five_minutes_late"])
def test_a_timer_that_runs_twice_counts_once(shop, world, after):
    shop.hears("Oi")
    world.advance(after)
    row, same = world.tasks()[0], FlushMessageGroup(group_id=group(world)["id"], generation=0)
    assert [again(row), again(row), give(shop.tenant.tenant_id, same)] == [204, 204, 204]
    assert len(timers(world)) == (1 if after else 2)
    assert len(world.events("message_group.completed")) == (1 if after else 0)


def test_each_message_moves_the_deadline_but_not_beyond_the_longest_wait(shop, world):
    opened = world.now()
    waits = []
    for _ in range(5):
        shop.hears("mais uma coisa")
        waits.append(round((datetime.fromisoformat(group(world)["deadline_at"]) - opened).total_seconds()))
        world.advance(9)
    assert waits == [15, 24, 33, 40, 40]
    shop.settles()
    assert (len(shop.sent), shop.outcomes()) == (1, ["replied"])
    assert world.value("select count(*) from messages where message_group_id is not null") == 5
    assert len(world.events("message_group.message_added")) == 5


def test_the_text_follows_the_senders_clock_and_names_what_is_not_text(shop, world):
    began = int(world.now().timestamp()) - 60
    shop.hears("de chocolate", timestamp=began + 30)
    shop.hears(None, kind="voice", timestamp=began + 20)
    shop.hears("quero um bolo", timestamp=began)
    shop.hears("assim", kind="image", timestamp=began + 40)
    shop.settles()
    assert group(world)["text"] == "quero um bolo [áudio 0:12] de chocolate [imagem] assim"


def test_a_channel_that_does_not_wait_still_takes_the_same_way(world, api, tenant):
    with open_shop(world, api, tenant, debounce_timeout_ms=0) as shop:
        shop.hears("Oi")
        assert again(world.tasks()[0]) == 204
        assert group(world)["status"] == "completed"


def test_a_burst_that_is_not_there_is_nothing_to_do(shop, world, other_tenant):
    shop.hears("Oi")
    world.advance(16)
    theirs = FlushMessageGroup(group_id=group(world)["id"], generation=0)
    assert give(shop.tenant.tenant_id, FlushMessageGroup(group_id=uuid7(), generation=0)) == 204
    assert give(other_tenant.tenant_id, theirs) == 204
    assert group(world)["status"] == "pending"
