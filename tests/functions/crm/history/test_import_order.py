"""Messages of one second stand as the provider tells them, also beside those that a webhook brought before."""

import pytest

from infra.fakes.waha_events import Party, Said, envelope, payload
from infra.fakes.waha_history import Kept

ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")
DAY = 86_400


@pytest.fixture
def told(open_past, world):
    """A past in which so many messages were said, those of each number in a second of their own."""
    past = open_past(chats=1, messages=1)
    past.archive._chats.clear()
    begun = int(world.now().timestamp()) - 5 * DAY

    def tells(*seconds):
        said = [
            Said(body=f"{number}", customer=ANA, message_id=f"ID{number:03}", timestamp=begun + second)
            for number, second in enumerate(seconds)
        ]
        for each in said:
            past.archive.add(Kept(said=each, ack=2))
        return said

    past.tells = tells
    return past


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
