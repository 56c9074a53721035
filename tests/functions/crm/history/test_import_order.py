"""Messages of one second stand as the provider tells them, also beside those that a webhook brought before."""

import pytest

from infra.fakes.waha_events import envelope, payload

DAY = 86_400


@pytest.fixture
def told(small):
    """A past in which so many messages were said, those of each number in a second of their own."""

    def tells(*seconds):
        return [
            small.keeps(f"{number}", 5 * DAY - second, message_id=f"ID{number:03}")
            for number, second in enumerate(seconds)
        ]

    small.tells = tells
    return small


def deliver(past, said):
    event = envelope("GOWS", "message.any", "s", payload("GOWS", said))
    assert past.shop.channel.deliver(event).status_code == 200


@pytest.mark.parametrize("delivered", [(1,), (3,), (1, 3), (0, 4)])
def test_what_was_delivered_keeps_its_place_in_its_second(told, delivered):
    said = told.tells(0, 0, 0, 0, 0)
    for number in delivered:
        deliver(told, said[number])
    told.fetches()
    assert [row["text"] for row in told.messages()] == ["0", "1", "2", "3", "4"]


def test_also_when_another_page_tells_of_it(told):
    said = told.tells(*range(98), 98, 98, 98, 98)
    deliver(told, said[100])
    told.fetches()
    assert [row["text"] for row in told.messages()] == [f"{number}" for number in range(102)]


def test_one_that_was_missing_comes_between_its_neighbours(told, world):
    told.tells(0, 0, 0)
    told.fetches()
    world.run("delete from messages where external_id = 'ID001'")
    world.run("update channels set history_read_until = null")
    told.fetches()
    assert [row["text"] for row in told.messages()] == ["0", "1", "2"]
