"""A server that does not answer is waited for, longer each time, and holds no lane that others need."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import pytest

from infra.fakes.waha_history import Trouble
from shared.crm.history import lanes
from shared.crm.history.model import MOST_UNANSWERED, MOST_WAITS
from shared.crm.history.tasks import ReviveHistory
from tests.functions.crm.history.test_follow_connection import connects
from tests.functions.crm.history.test_get_completeness import shown
from tests.functions.crm.history.test_reconcile_history import night
from tests.support.calls import again, give, tell


def hangs(past, *, lists=True):
    past.archive.trouble = Trouble(seconds=0.01)
    past.archive.trouble.of = lambda name, _: "hang" if lists or not name.startswith("chats ") else None


def answers(past):
    past.archive.trouble = Trouble()


def asked(past):
    return sum(past.archive.asked.values())


def here(past):
    return past.count(f"messages where channel_id = '{past.shop.channel.id}'")


def minutes_to_go(past):
    at = past.shop.world.value(
        "select extract(epoch from resumes_at - clock_timestamp()) from history_runs where channel_id = :id",
        id=past.shop.channel.id,
    )
    return at / 60


def passes(past, minutes):
    past.shop.world.drain(until=timedelta(minutes=minutes))


@pytest.fixture
def two(open_past):
    """Two channels: the server of the first tells its list of chats and then hangs."""
    hanging, well = open_past("GOWS"), open_past("NOWEB")
    hangs(hanging, lists=False)
    return hanging, well


def test_it_rests_and_shows_why_and_until_when(two, world):
    hanging, _ = two
    hanging.asks()
    world.drain(until=timedelta(seconds=30))
    status = hanging.status()
    assert (status["status"], status["failure_code"]) == ("paused", "provider_away")
    assert status["failure_reason"].startswith("WAHA does not answer")
    assert status["resumes_at"] is not None
    assert [event["data"]["reason"] for event in world.events("channel.history_import_paused")] == ["provider_away"]


def test_its_lanes_are_given_back_and_the_others_import_goes_on(two, world):
    hanging, well = two
    hanging.asks()
    for _ in range(3):
        assert {again(row) for row in world.tasks("list_history")} <= {204}
    lists = asked(hanging)
    well.asks()
    world.drain(until=timedelta(seconds=30))
    assert asked(hanging) - lists == MOST_UNANSWERED
    assert well.status()["status"] == "completed"
    assert here(well) == 300
    assert {again(row) for row in world.tasks("read_history")} == {204}
    assert asked(hanging) - lists == MOST_UNANSWERED


def test_it_is_asked_once_at_a_time_and_waited_for_longer_each_time(two, world):
    hanging, _ = two
    hanging.asks()
    world.drain(until=timedelta(seconds=30))
    waited = []
    for _ in range(4):
        before = asked(hanging)
        passes(hanging, minutes_to_go(hanging) + 0.05)
        assert asked(hanging) - before == 1
        waited.append(round(minutes_to_go(hanging)))
    assert waited == [2, 4, 8, 16]
    assert hanging.status()["status"] == "paused"


def test_it_goes_on_by_itself_and_loses_nothing(two, world):
    hanging, _ = two
    hanging.asks()
    passes(hanging, 10)
    answers(hanging)
    passes(hanging, 20)
    status = hanging.status()
    assert (status["status"], status["failure_code"], status["resumes_at"]) == ("completed", None, None)
    assert (status["chats_done"], status["added"]) == (12, 300)
    assert hanging.ids() == hanging.remembered()


def test_a_list_that_is_not_told_is_waited_for_too(past, world):
    hangs(past)
    past.asks()
    passes(past, 5)
    assert past.status()["failure_code"] == "provider_away"
    answers(past)
    past.works()
    assert past.status()["status"] == "completed"
    assert past.ids() == past.remembered()


def test_one_chat_that_hangs_for_ever_does_not_hold_up_the_rest(past):
    past.archive.trouble = Trouble(seconds=0.01)
    past.archive.trouble.of = lambda name, _: "hang" if past.archive.chats[0].id in name else None
    past.asks()
    passes(past, 5)
    status = past.status()
    assert (status["status"], status["failure_code"]) == ("failed", "chats_unread")
    assert (status["chats_done"], status["chats_failed"]) == (11, 1)
    assert past.archive.asked[f"{past.archive.chats[0].id} 0"] == 4


def test_no_chat_is_given_up_while_the_server_is_away(open_past):
    past = open_past(chats=2, messages=20)
    hangs(past, lists=False)
    past.asks()
    passes(past, 8 * 60)
    assert past.status()["failure_code"] == "provider_away"
    assert past.status()["chats_failed"] == 0
    answers(past)
    passes(past, 70)
    assert past.status()["status"] == "completed"
    assert past.ids() == past.remembered()


def test_after_about_a_day_it_is_given_up_and_can_be_resumed(open_past, world):
    past = open_past(chats=2, messages=20)
    hangs(past, lists=False)
    past.asks()
    passes(past, 30 * 60)
    status = past.status()
    assert (status["status"], status["failure_code"], status["resumes_at"]) == ("failed", "provider_away", None)
    assert world.value("select waits from history_runs") == MOST_WAITS
    answers(past)
    past.asks("import-history/resume", 200)
    past.works()
    assert past.ids() == past.remembered()


def test_a_person_may_let_it_rest_go_on_or_end(two, world):
    hanging, _ = two
    hanging.asks()
    passes(hanging, 0.5)
    assert hanging.asks("import-history/pause", 200)["resumes_at"] is None
    passes(hanging, 90)
    assert (hanging.status()["status"], hanging.status()["failure_code"]) == ("paused", None)
    answers(hanging)
    hanging.asks("import-history/resume", 200)
    hanging.works()
    assert hanging.ids() == hanging.remembered()


def test_one_that_was_ended_does_not_come_back(two):
    hanging, _ = two
    hanging.asks()
    passes(hanging, 0.5)
    hanging.asks("import-history/cancel", 200)
    passes(hanging, 90)
    assert (hanging.status()["status"], here(hanging)) == ("cancelled", 0)


def test_its_timer_may_come_twice_early_or_be_lost(two, world):
    hanging, _ = two
    run_id = UUID(hanging.asks()["id"])
    passes(hanging, 0.5)
    task = ReviveHistory(run_id=run_id)
    assert give(hanging.shop.tenant.tenant_id, task) == 204
    assert hanging.status()["status"] == "paused"
    answers(hanging)
    world.run("update history_runs set resumes_at = now() - interval '11 minutes'")
    world.run("update outbox_tasks set published_at = now() where task = 'revive_history'")
    for _ in range(2):
        assert give(hanging.shop.tenant.tenant_id, task) == 204
    assert world.value("select round from history_runs") == 2
    hanging.works()
    assert hanging.ids() == hanging.remembered()


def test_lanes_that_find_it_at_once_let_it_rest_once(two, world):
    hanging, _ = two
    hanging.asks()
    for _ in range(3):
        assert {again(row) for row in world.tasks("list_history")} <= {204}
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(again, world.tasks("read_history") * 2)) == {204}
    assert world.rows("select status, waits from history_runs") == [{"status": "paused", "waits": 1}]
    assert len(world.tasks("revive_history")) == len(world.events("channel.history_import_paused")) == 1


def test_a_step_that_dies_before_it_lets_it_rest_comes_again(two, world):
    hanging, _ = two
    hanging.asks()
    for _ in range(3):
        assert {again(row) for row in world.tasks("list_history")} <= {204}
    with patch.object(lanes, "_rest_if_away", side_effect=ZeroDivisionError):
        assert [again(world.tasks("read_history")[0]) for _ in range(4)] == [500] * 4
    assert world.rows("select status, unanswered from history_runs") == [{"status": "running", "unanswered": 4}]
    passes(hanging, 0.5)
    assert hanging.status()["failure_code"] == "provider_away"


def test_a_comparison_waits_too_and_the_night_waits_for_it(two, world):
    hanging, _ = two
    hanging.asks("reconcile", days=30)
    passes(hanging, 5)
    last = shown(hanging)["last_run"]
    assert (last["status"], last["failure_code"]) == ("paused", "provider_away")
    night(hanging)
    answers(hanging)
    passes(hanging, 30)
    assert world.rows("select cause, status from history_runs order by id") == [
        {"cause": "requested", "status": "completed"}
    ]


def rests_long(past):
    """It has been waited for a few times: the next look is more than ten minutes away."""
    passes(past, 20)
    assert past.shop.world.value("select status from history_runs") == "paused"
    assert minutes_to_go(past) > 10


def test_a_comparison_goes_on_as_soon_as_its_channel_is_back(two, world):
    hanging, _ = two
    hanging.asks("reconcile", days=30)
    rests_long(hanging)
    answers(hanging)
    connects(hanging, "WORKING")
    passes(hanging, 2)
    assert world.rows("select cause, status, resumes_at from history_runs") == [
        {"cause": "requested", "status": "completed", "resumes_at": None}
    ]
    passes(hanging, 10)
    assert world.value("select cause || ' ' || status from history_runs order by id desc limit 1") == (
        "downtime completed"
    )


def test_an_import_goes_on_as_soon_as_its_channel_is_back(two, world):
    hanging, _ = two
    hanging.asks()
    rests_long(hanging)
    answers(hanging)
    connects(hanging, "WORKING")
    passes(hanging, 2)
    assert hanging.status()["status"] == "completed"
    assert hanging.ids() == hanging.remembered()
    assert len(world.events("channel.history_import_resumed")) == len(world.tasks("revive_history"))


def test_a_channel_that_is_not_back_for_long_is_waited_for_as_before(two, world):
    hanging, _ = two
    hanging.asks()
    rests_long(hanging)
    waits = "select waits from history_runs where kind = 'import'"
    before = world.value(waits)
    for status in ("WORKING", "FAILED", "WORKING"):
        connects(hanging, status)
        passes(hanging, 1)
        assert hanging.status()["failure_code"] == "provider_away"
    assert world.value(waits) == before + 2


def test_coming_back_on_many_instances_sets_it_going_once(two, world):
    hanging, _ = two
    hanging.asks("reconcile", days=30)
    rests_long(hanging)
    connects(hanging, "WORKING")
    (event,) = world.events("channel.state_changed")
    before = world.value("select round from history_runs")
    with ThreadPoolExecutor(8) as threads:
        assert {status for answered in threads.map(tell, [event] * 8) for status in answered} <= {204, 503}
    assert world.value("select round from history_runs") == before + 1


@pytest.mark.parametrize("how", ["deactivate", "delete"])
@pytest.mark.parametrize("verb", ["import-history", "reconcile"])
def test_what_waits_for_a_channel_that_is_used_no_more_ends(two, world, how, verb):
    hanging, _ = two
    hanging.asks(verb)
    passes(hanging, 0.5)
    retires(hanging, how)
    before = asked(hanging)
    passes(hanging, 90)
    assert asked(hanging) == before
    assert world.rows("select status, resumes_at from history_runs") == [{"status": "cancelled", "resumes_at": None}]


@pytest.mark.parametrize("how", ["deactivate", "delete"])
def test_what_failed_on_a_channel_that_is_used_no_more_is_not_done_again(two, world, how):
    hanging, _ = two
    hanging.asks("reconcile")
    passes(hanging, 0.5)
    world.run("update history_runs set status = 'failed', cause = 'nightly', resumes_at = now() - interval '1 second'")
    retires(hanging, how)
    before = asked(hanging)
    assert give(hanging.shop.tenant.tenant_id, ReviveHistory(run_id=world.value("select id from history_runs"))) == 204
    passes(hanging, 90)
    assert asked(hanging) == before
    assert world.rows("select status, resumes_at from history_runs") == [{"status": "failed", "resumes_at": None}]


def retires(past, how):
    ask = past.shop.api.delete if how == "delete" else past.shop.api.post
    answer = ask(past.path if how == "delete" else f"{past.path}/deactivate", as_=past.shop.tenant.admin)
    assert answer.status_code in {202, 204}
