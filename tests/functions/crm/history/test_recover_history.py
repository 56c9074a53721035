"""What a channel has missed is compared even if a comparison, or an import, is under way when that is known."""

from datetime import timedelta

from shared.crm.channels.store import Channels
from shared.crm.history.model import RunCause
from shared.crm.history.use_cases import recover
from shared.runtime.work import unit_of_work
from tests.functions.crm.history.test_follow_connection import connects, remembers, runs
from tests.functions.crm.history.test_recover_from_silence import falls_silent
from tests.support.calls import again


def ended(world):
    return [(row["cause"], row["status"]) for row in runs(world)]


def comparing(open_past):
    """A past of which a comparison was begun, and none of its steps has been done."""
    past = open_past(chats=1, messages=1)
    past.asks("reconcile")
    past.shop.world.run("update outbox_tasks set run_at = now() + interval '2 minutes'")
    return past


def test_silence_during_a_comparison_is_compared_behind_it(open_past, world):
    past = comparing(open_past)
    falls_silent(past, world)
    assert ended(world) == [("requested", "running")]
    past.works()
    assert ended(world) == [("requested", "completed"), ("silence", "completed")]
    (gap,) = world.events("channel.gap_detected")
    assert gap["data"]["reason"] == "silence"


def test_coming_back_during_a_comparison_is_compared_behind_it(open_past, world):
    past = comparing(open_past)
    connects(past, "WORKING")
    remembers(past, "alô?", -1)
    world.drain()
    past.works()
    assert ended(world) == [("requested", "completed"), ("downtime", "completed")]
    assert "alô?" in [row["text"] for row in past.messages()]


def test_coming_back_during_the_first_import_is_compared_beside_it(open_past, world):
    past = open_past(chats=1, messages=1)
    assert past.shop.api.patch(past.path, {"imports_history": True}, as_=past.shop.tenant.admin).status_code == 200
    past.asks()
    past.asks("import-history/pause", 200)
    connects(past, "WORKING")
    past.works()
    assert ended(world) == [("requested", "paused"), ("downtime", "completed")]


def test_it_waits_for_as_long_as_the_other_takes_and_is_done_once(open_past, world):
    past = comparing(open_past)
    falls_silent(past, world)
    falls_silent(past, world)
    waiting = world.tasks("recover_history")[0]
    assert again(waiting) == again(waiting) == 204
    assert len({row["dedup_name"] for row in world.tasks("recover_history")}) == 2
    past.works()
    for row in world.tasks("recover_history"):
        assert again(row) == 204
    past.works()
    assert ended(world) == [("requested", "completed"), ("silence", "completed")]


def test_a_comparison_that_began_since_is_enough(open_past, world):
    past = comparing(open_past)
    now = world.now() - timedelta(minutes=1)
    with unit_of_work(past.shop.tenant.tenant_id) as uow:
        channel = Channels(uow).get(past.shop.channel.id)
        recover(uow, channel, cause=RunCause.DOWNTIME, since=now - timedelta(hours=1), at=now)
        uow.commit()
    assert world.tasks("recover_history") == []
    assert len(runs(world)) == 1


def test_an_inactive_channel_is_not_compared(open_past, world):
    past = comparing(open_past)
    falls_silent(past, world)
    world.run("update channels set status = 'inactive'")
    assert again(world.tasks("recover_history")[0]) == 204
    assert len(runs(world)) == 1
