"""What is missing is found by comparing with the provider, and taken in."""

import pytest

from tests.functions.crm.history.test_get_completeness import shown


@pytest.fixture
def lossy(past, world):
    """Everything was imported, and then every seventh message was lost."""
    past.fetches()
    world.run("update message_words set message_id = message_id where false")
    lost = [row["external_id"] for row in past.messages()][::7]
    for each in lost:
        world.run("update messages set quoted_message_id = null where quoted_external_id = :id", id=each)
        world.run("delete from messages where external_id = :id", id=each)
    return past, lost


def test_what_was_lost_is_recovered_and_told_of_by_day(lossy, world):
    past, lost = lossy
    run = past.asks("reconcile", days=180)
    assert (run["kind"], run["cause"], run["status"]) == ("reconciliation", "requested", "running")
    past.works()
    assert past.ids() == past.remembered()
    found = shown(past)
    assert (found["expected"], found["present"], found["recovered"], found["unknown"]) == (
        300,
        300 - len(lost),
        len(lost),
        0,
    )
    told = [event["data"] for event in world.events("channel.gap_recovered")]
    assert sum(each["recovered"] for each in told) == len(lost)
    assert {each["day"] for each in told} == {day["day"] for day in found["days"] if day["recovered"]}


def test_once_more_it_finds_nothing_and_remembers_what_it_found(lossy, world):
    past, lost = lossy
    for _ in range(2):
        past.asks("reconcile", days=180)
        past.works()
    assert sum(event["data"]["recovered"] for event in world.events("channel.gap_recovered")) == len(lost)
    assert shown(past)["recovered"] == len(lost)


def test_an_import_is_not_disturbed_and_none_is_told_of(lossy, world):
    past, _ = lossy
    past.asks("reconcile")
    assert past.status()["kind"] == "import"
    assert past.asks("reconcile", 409)["error"]["code"] == "reconciliation_under_way"
    past.works()
    assert len(world.events("channel.history_import_completed")) == 1


def test_only_the_days_asked_for_are_compared(lossy, world):
    past, _ = lossy
    past.asks("reconcile", days=10)
    past.works()
    assert len(past.ids()) < 300
    assert past.asks("reconcile", 422, days=181)


def test_an_inactive_channel_is_not_compared(past, world):
    world.run("update channels set status = 'inactive'")
    assert past.asks("reconcile", 409)["error"]["code"] == "channel_inactive"
