"""A step of a lane can come twice, late, at the same time as itself, and when nobody wants it any more."""

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest

from infra.fakes.waha_events import envelope, payload
from shared.crm.history import lanes, reading, writing
from tests.support.calls import again


def lane_tasks(world, step=0):
    return [row for row in world.tasks("read_history") if row["body"]["data"]["step"] == step]


@pytest.fixture
def listed(past, world):
    """An import whose chats are listed and whose lanes are to begin."""
    past.asks()
    for _ in range(3):
        for row in world.tasks("list_history"):
            assert again(row) == 204
    world.run("update outbox_tasks set published_at = now() where task = 'list_history'")
    assert len(lane_tasks(world)) == 4
    return past


def test_a_step_that_comes_twice_changes_nothing(listed, world):
    first = lane_tasks(world)[0]
    assert again(first) == 204
    rows, places = listed.messages(), world.rows("select * from history_chats order by address")
    assert rows
    with patch.object(lanes, "CHATS", 0):
        assert again(first) == 204
    assert (listed.messages(), world.rows("select * from history_chats order by address")) == (rows, places)


def test_the_same_pages_read_twice_at_once_are_written_once(listed, world):
    with ThreadPoolExecutor(8) as threads:
        rows = lane_tasks(world) * 2
        assert set(threads.map(again, rows)) == {204}
    listed.works()
    assert listed.ids() == listed.remembered()
    assert listed.status()["added"] == 300


def test_a_step_that_dies_before_it_has_written_comes_again(listed, world):
    first = lane_tasks(world)[0]
    with patch.object(writing, "commit", side_effect=ZeroDivisionError):
        assert again(first) == 500
    assert listed.messages() == []
    assert again(first) == 204
    assert listed.messages()
    listed.works()
    assert listed.ids() == listed.remembered()


def test_a_step_of_an_import_that_was_stopped_meanwhile_writes_nothing(listed, world):
    read = reading.read

    def stopped_meanwhile(*told):
        found = read(*told)
        listed.asks("import-history/pause", 200)
        return found

    with patch.object(lanes, "read", stopped_meanwhile):
        assert again(lane_tasks(world)[0]) == 204
    assert listed.messages() == []
    listed.asks("import-history/resume", 200)
    assert again(lane_tasks(world)[0]) == 204
    assert listed.messages() == []
    listed.works()
    assert listed.ids() == listed.remembered()


def test_live_messages_of_the_same_chats_come_in_between(past, world):
    """Deliveries of what is being imported, and of what is new, while four lanes are at it."""
    kept = [each for chat in past.archive.chats for each in chat.messages]
    events = [
        envelope("GOWS", "message.any", "s", payload("GOWS", each.said) | {"ack": each.ack, "media": None})
        for each in kept[::3]
    ]
    past.asks()
    for _ in range(3):
        for row in world.tasks("list_history"):
            assert again(row) == 204
    with ThreadPoolExecutor(8) as threads:
        lanes_done = [threads.submit(again, row) for row in lane_tasks(world)]
        taken = [threads.submit(past.shop.channel.deliver, event) for event in events]
        assert {each.result() for each in lanes_done} == {204}
        assert {each.result().status_code for each in taken} == {200}
    world.run("update outbox_tasks set published_at = now() where task in ('flush_message_group')")
    past.works()
    assert past.ids() == past.remembered()
    assert past.count("contacts where merged_into_id is null") == past.count(
        "(select distinct contact_id from contact_identities) as known"
    )
    assert past.count("sessions where status = 'open'") <= past.count("chats")
