"""A comparison that failed is made again by itself, a few times; one that was in another's way is made behind it."""

from datetime import timedelta

import pytest

from infra.fakes.waha_history import Trouble
from tests.functions.crm.history.test_follow_connection import connects, remembers
from tests.functions.crm.history.test_get_completeness import shown
from tests.functions.crm.history.test_reconcile_history import night


def fails(past):
    """The server tells which chats there are, and no page of any."""
    past.archive.trouble = Trouble()
    past.archive.trouble.of = lambda name, _: None if name.startswith("chats ") else "error_500"


def recovers(past):
    past.archive.trouble = Trouble()


def runs(world):
    return world.rows("select cause, status, retries, resumes_at is not null as again from history_runs order by id")


def passes(world, minutes):
    world.drain(until=timedelta(minutes=minutes))


@pytest.mark.parametrize("cause", ["nightly", "downtime"])
def test_one_that_failed_is_tried_again_where_it_failed(past, world, cause):
    fails(past)
    remembers(past, "alô?", 1200)
    night(past) if cause == "nightly" else connects(past, "WORKING")
    passes(world, 4)
    assert runs(world) == [{"cause": cause, "status": "failed", "retries": 1, "again": True}]
    recovers(past)
    passes(world, 10)
    assert runs(world) == [{"cause": cause, "status": "completed", "retries": 1, "again": False}]


def test_it_is_given_up_after_a_few_times(past, world):
    fails(past)
    night(past)
    passes(world, 24 * 60)
    assert runs(world) == [{"cause": "nightly", "status": "failed", "retries": 3, "again": False}]
    chat = next(name for name in past.archive.asked if not name.startswith("chats "))
    assert past.archive.asked[chat] == 4 * 4


def test_one_that_somebody_asked_for_is_theirs_to_repeat(past, world):
    fails(past)
    past.asks("reconcile", days=3)
    passes(world, 60)
    assert runs(world) == [{"cause": "requested", "status": "failed", "retries": 0, "again": False}]


def test_what_another_has_compared_since_is_not_compared_again(past, world):
    fails(past)
    night(past)
    passes(world, 4)
    recovers(past)
    past.asks("reconcile", days=7)
    passes(world, 60)
    assert [(row["cause"], row["status"], row["again"]) for row in runs(world)] == [
        ("nightly", "failed", False),
        ("requested", "completed", False),
    ]


def test_it_goes_on_behind_another_that_is_under_way(past, world):
    fails(past)
    night(past)
    passes(world, 4)
    recovers(past)
    past.asks("reconcile", days=1)
    world.run("update history_runs set status = 'paused' where cause = 'requested'")
    passes(world, 30)
    assert [row["status"] for row in runs(world)] == ["failed", "paused"]
    world.run("update history_runs set status = 'cancelled' where cause = 'requested'")
    passes(world, 30)
    assert [row["status"] for row in runs(world)] == ["completed", "cancelled"]


def test_a_night_that_finds_another_under_way_comes_behind_it(past, world):
    past.asks("reconcile", days=1)
    world.run("update outbox_tasks set run_at = now() + interval '2 minutes'")
    night(past)
    assert [row["cause"] for row in runs(world)] == ["requested"]
    passes(world, 30)
    assert [(row["cause"], row["status"]) for row in runs(world)] == [
        ("requested", "completed"),
        ("nightly", "completed"),
    ]


def test_the_last_one_is_shown(past, world):
    assert shown(past)["last_run"] is None
    fails(past)
    night(past)
    passes(world, 4)
    last = shown(past)["last_run"]
    assert (last["kind"], last["cause"], last["status"]) == ("reconciliation", "nightly", "failed")
    assert (last["failure_code"], last["chats_failed"]) == ("chats_unread", last["chats"])
    assert "could not be read" in last["failure_reason"]
    assert last["resumes_at"] > last["finished_at"] > last["started_at"]
    recovers(past)
    passes(world, 10)
    last = shown(past)["last_run"]
    assert (last["status"], last["failure_code"], last["resumes_at"]) == ("completed", None, None)
    assert last["added"] == last["read"] > 0


def test_an_import_is_no_comparison(past):
    past.fetches()
    assert shown(past)["last_run"] is None
