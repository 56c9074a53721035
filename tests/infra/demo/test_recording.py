from datetime import datetime

import pytest

from infra.demo.cast import COMPANIES
from infra.demo.recording import Clock, load, shift
from infra.demo.script import BEGAN

START = BEGAN.timestamp()


def test_receipts_of_a_reply_are_played_one_after_the_other():
    burst = next(each for each in load() if each.name == "burst")
    levels = [(step.ack, step.after_replies) for step in burst.steps if step.ack]
    assert levels[:3] == [(1, 1), (2, 1), (3, 1)]
    assert all(step.event for step in burst.steps if not step.ack)


def test_repeated_deliveries_are_counted():
    assert sum(each.deliveries for each in load()) >= 100


def test_a_moment_between_two_is_in_proportion():
    clock = Clock()
    clock.strike(100, 1000.0)
    clock.strike(200, 1001.0)
    assert clock.moment(START + 100) == 1000.0
    assert clock.moment(START + 150) == pytest.approx(1000.5)
    assert clock.moment(START + 90) == pytest.approx(990.0)
    assert clock.moment(START + 203) == pytest.approx(1004.0)


def test_all_times_of_an_event_are_moved():
    event = {
        "timestamp": 1773160000123,
        "payload": {"timestamp": 1773160000, "body": "1773160000", "_data": {"t": 1773160000, "size": 1773160000}},
        "info": [{"Timestamp": "2026-03-10T16:26:40Z"}],
    }
    moved = shift(event, lambda seconds: seconds + 60)
    assert moved == {
        "timestamp": 1773160060123,
        "payload": {"timestamp": 1773160060, "body": "1773160000", "_data": {"t": 1773160060, "size": 1773160000}},
        "info": [{"Timestamp": "2026-03-10T16:27:40Z"}],
    }


def test_times_without_a_date_stay_as_they_are():
    assert shift({"timestamp": None, "t": "11:00"}, lambda _: 0.0) == {"timestamp": None, "t": "11:00"}


def test_each_company_has_numbers_of_its_own():
    one, other = COMPANIES
    assert one.own("gows").phone != other.own("gows").phone
    assert other.spell('{"to": "5511900010001@c.us", "from": "5511912345678@c.us"}') == (
        '{"to": "5511955510001@c.us", "from": "5511912345678@c.us"}'
    )


def test_the_afternoon_is_one():
    assert datetime.fromtimestamp(START, BEGAN.tzinfo).hour == 13
    assert max(step.offset_seconds for each in load() for step in each.steps) < 4 * 3600
