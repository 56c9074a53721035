"""A server that tells the same page whichever is asked for is asked no further, and the import says so."""

import pytest

from infra.fakes.waha_events import Party
from infra.fakes.waha_history import Trouble
from shared.providers.waha.pages import CHATS_AT_ONCE, MESSAGES_AT_ONCE

NO_OFFSET = Trouble(share=1, kinds=("no_offset",))


def asked_of_chats(past):
    return sum(times for name, times in past.archive.asked.items() if not name.startswith("chats "))


@pytest.fixture
def long(small):
    """A chat of more than a page."""
    for number in range(MESSAGES_AT_ONCE + 20):
        small.keeps(f"m{number}", 86_400 - number)
    return small


@pytest.mark.parametrize("verb", ["import-history", "reconcile"])
def test_the_chat_is_given_up_and_what_was_told_is_here(long, world, verb):
    long.archive.trouble = NO_OFFSET
    long.asks(verb)
    long.works()
    assert world.value("select status || ' ' || failure_code from history_runs") == "failed chats_unread"
    assert world.rows("select status, failure_code, next_row, read from history_chats") == [
        {"status": "failed", "failure_code": "offset_ignored", "next_row": MESSAGES_AT_ONCE, "read": MESSAGES_AT_ONCE}
    ]
    assert len(long.messages()) == MESSAGES_AT_ONCE
    assert asked_of_chats(long) == 2


def test_it_is_shown_and_goes_on_once_the_server_knows_better(long):
    long.archive.trouble = NO_OFFSET
    status = long.fetches()
    (error,) = status["errors"]
    assert (error["code"], error["chats"]) == ("offset_ignored", 1)
    assert error["reason"].startswith("WAHA tells the same page")
    long.archive.trouble = Trouble()
    long.asks("import-history/resume", 200)
    long.works()
    assert long.status()["status"] == "completed"
    assert long.ids() == long.remembered()


def test_other_chats_are_read_to_their_end(long):
    other = Party(phone="5511900000009", lid="100000000000009", name="Luz")
    for number in range(3):
        long.keeps(f"n{number}", 86_400 - number, customer=other)
    long.archive.trouble = NO_OFFSET
    status = long.fetches()
    assert (status["chats_done"], status["chats_failed"]) == (1, 1)
    assert len(long.messages()) == MESSAGES_AT_ONCE + 3


def test_a_list_of_chats_that_does_not_end_is_an_error(open_past):
    past = open_past(chats=CHATS_AT_ONCE + 5, messages=CHATS_AT_ONCE + 5)
    past.archive.trouble.of = lambda name, _: "no_offset" if name.startswith("chats ") else None
    status = past.fetches()
    assert (status["status"], status["failure_code"]) == ("failed", "offset_ignored")
    assert sum(past.archive.asked.values()) == 2


def test_a_short_list_of_chats_that_is_told_again_was_told_whole(past):
    past.archive.trouble.of = lambda name, _: "no_offset" if name.startswith("chats ") else None
    assert past.fetches()["status"] == "completed"
    assert past.ids() == past.remembered()


@pytest.fixture
def short(open_past):
    """Chats of less than a page, whose server tells all of it whatever is asked for."""
    past = open_past(chats=6, messages=60)
    past.archive.trouble.of = lambda name, _: None if name.startswith("chats ") else "no_offset"
    return past


def test_a_short_chat_that_is_told_again_was_told_whole(short):
    status = short.fetches()
    assert (status["status"], status["chats_done"], status["chats_failed"]) == ("completed", 6, 0)
    assert (status["read"], status["added"], status["known"]) == (60, 60, 0)
    assert short.ids() == short.remembered()
    assert asked_of_chats(short) == 12


def test_one_that_was_given_up_can_be_resumed_to_its_end(short, world):
    short.fetches()
    world.run("update history_chats set status = 'failed', failure_code = 'offset_ignored'")
    world.run("update history_runs set status = 'failed', failure_code = 'chats_unread'")
    short.asks("import-history/resume", 200)
    short.works()
    assert (short.status()["status"], short.status()["added"]) == ("completed", 60)
