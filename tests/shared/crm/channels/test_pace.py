from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crm.channels.pace import LATE, Asking, Brake, Pace, Used, turn

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)  # noon in São Paulo
ZONE = ZoneInfo("America/Sao_Paulo")
NEW = Asking(opens=False, had_turn_at=None)
OPENING = Asking(opens=True, had_turn_at=None)
LONG_AGO = NOON - timedelta(days=1000)


def fresh(now=NOON):
    return Used(next_at=now, opened_on=now.astimezone(ZONE).date(), opened=0)


def take(pace, used, asking=NEW, now=NOON, since=LONG_AGO):
    return turn(pace, used, asking, since=since, now=now, zone=ZONE)


def waits(pace, asked, now=NOON, asking=NEW):
    """The seconds that each of so many messages waits that come at once."""
    used, found = fresh(now), []
    for _ in range(asked):
        used, wait = take(pace, used, asking, now)
        found.append((wait.until - now).total_seconds() if wait else 0)
    return found


def test_a_burst_goes_at_once_and_what_follows_at_an_even_pace():
    assert waits(Pace(per_minute=60, burst=3), 6) == [0, 0, 0, 1, 2, 3]
    assert waits(Pace(per_minute=6, burst=1), 4) == [0, 10, 20, 30]


def test_after_a_while_of_silence_there_is_a_burst_again():
    pace, used = Pace(per_minute=60, burst=3), fresh()
    for _ in range(3):
        used, _ = take(pace, used)
    later = NOON + timedelta(seconds=1)
    used, first = take(pace, used, now=later)
    _, second = take(pace, used, now=later)
    assert (first, second.until) == (None, NOON + timedelta(seconds=2))
    assert [take(pace, used, now=NOON + timedelta(minutes=1))[1]] == [None]


@given(
    st.integers(1, 120),
    st.integers(1, 50),
    st.lists(st.integers(0, 20_000), min_size=1, max_size=120),
)
def test_in_no_stretch_of_time_does_more_go_than_the_pace_allows(per_minute, burst, pauses):
    pace, used, now, gone = Pace(per_minute=per_minute, burst=burst), fresh(), NOON, []
    for pause in pauses:
        now += timedelta(milliseconds=pause)
        used, wait = take(pace, used, now=now)
        gone.append(wait.until if wait else now)
    assert gone == sorted(gone)
    for first in range(len(gone)):
        for last in range(first, len(gone)):
            allowed = burst + (gone[last] - gone[first]).total_seconds() * per_minute / 60
            assert last - first + 1 <= allowed + 1e-6


def test_a_turn_that_was_given_is_not_counted_again_unless_it_was_missed():
    pace = Pace(per_minute=6, burst=1)
    used, _ = take(pace, fresh())
    used, wait = take(pace, used)
    assert wait.has_turn
    mine = Asking(opens=False, had_turn_at=wait.until)
    assert take(pace, used, mine, wait.until) == (used, None)
    late = wait.until + LATE + timedelta(seconds=1)
    again, none = take(pace, used, mine, late)
    assert (none, again.next_at) == (None, late + timedelta(seconds=10))


@pytest.mark.parametrize(("age", "share"), [(0, 10), (1, 19), (5, 55), (9.99, 99), (10, 100), (400, 100)])
def test_a_new_number_comes_up_to_its_pace_day_by_day(age, share):
    assert Pace(warm_up_days=10).share(NOON - timedelta(days=age), NOON) == share
    assert Pace().share(NOON, NOON) == 100


def test_a_new_number_sends_slower_and_in_smaller_bursts():
    pace, used, found = Pace(per_minute=60, burst=30, warm_up_days=10), fresh(), []
    for _ in range(5):
        used, wait = take(pace, used, since=NOON)
        found.append((wait.until - NOON).total_seconds() if wait else 0)
    assert found == [0, 0, 0, 10, 20]


def test_so_many_chats_are_begun_in_a_day_and_the_rest_tomorrow():
    pace = Pace(new_chats_per_day=2)
    used, found = fresh(), []
    for asking in (OPENING, NEW, OPENING, OPENING, NEW):
        used, wait = take(pace, used, asking)
        found.append(wait)
    midnight = datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert [each and (each.until, each.brake, each.has_turn) for each in found] == [
        None,
        None,
        None,
        (midnight, Brake.NEW_CHATS, False),
        None,
    ]
    assert take(pace, used, OPENING, midnight)[1] is None


def test_a_chat_whose_turn_was_missed_counts_once_a_day():
    pace = Pace(per_minute=6, burst=1, new_chats_per_day=5)
    used, _ = take(pace, fresh(), OPENING)
    assert used.opened == 1
    missed = Asking(opens=True, had_turn_at=NOON)
    assert take(pace, used, missed, NOON + LATE * 2)[0].opened == 1
    assert take(pace, used, missed, NOON + timedelta(days=1))[0].opened == 1


def test_a_new_number_begins_at_least_one_chat_a_day():
    assert Pace(new_chats_per_day=5, warm_up_days=10).chats(10) == 1
    assert Pace().chats(10) is None


@pytest.mark.parametrize(
    ("begin", "end", "hour", "ends"),
    [
        ("22:00", "07:00", "21:59", None),
        ("22:00", "07:00", "22:00", (3, "07:00")),
        ("22:00", "07:00", "23:59", (3, "07:00")),
        ("22:00", "07:00", "06:59", (2, "07:00")),
        ("22:00", "07:00", "07:00", None),
        ("12:00", "14:00", "12:30", (2, "14:00")),
        ("12:00", "14:00", "14:00", None),
        ("12:00", "14:00", "11:59", None),
        (None, None, "03:00", None),
    ],
)
def test_in_quiet_hours_nothing_goes(begin, end, hour, ends):
    now = datetime.fromisoformat(f"2026-03-02T{hour}").replace(tzinfo=ZONE)
    pace = Pace(quiet_from=begin, quiet_until=end)
    _, wait = take(pace, fresh(now), now=now)
    if ends is None:
        assert wait is None
        return
    day, at = ends
    assert (wait.brake, wait.has_turn) == (Brake.QUIET_HOURS, False)
    assert wait.until == datetime.fromisoformat(f"2026-03-0{day}T{at}").replace(tzinfo=ZONE)


def test_quiet_hours_hold_back_even_what_has_a_turn():
    now = datetime(2026, 3, 3, 2, tzinfo=UTC)
    pace = Pace(quiet_from="22:00", quiet_until="07:00")
    _, wait = take(pace, fresh(now), Asking(opens=False, had_turn_at=now), now)
    assert wait.brake is Brake.QUIET_HOURS


def test_the_day_is_the_projects():
    used = replace(fresh(), opened=7)
    before_midnight, after = datetime(2026, 3, 3, 2, 59, tzinfo=UTC), datetime(2026, 3, 3, 3, 1, tzinfo=UTC)
    assert take(Pace(), used, now=before_midnight)[0].opened == 7
    assert take(Pace(), used, now=after)[0].opened == 0
    assert take(Pace(), used, now=after)[0].opened_on == date(2026, 3, 3)
