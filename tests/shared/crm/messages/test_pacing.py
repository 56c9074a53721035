import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.crm.channels.pace import LATE
from tests.shared.crm.messages.queued import Queue
from tests.support.waha import waha_channel

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = timedelta(days=1)
RATE, NEW_CHATS, QUIET_HOURS = "rate", "new_chats", "quiet_hours"


@pytest.fixture
def queue(world, api, tenant):
    until(world, 12)
    return Queue(world, tenant, waha_channel(world, api, tenant, bot=False))


@pytest.fixture
def known(queue):
    """A chat to which something has been sent, so that it is open."""
    (chat,) = queue.begin(1)
    (sent,) = queue.queue(chat)
    queue.world.run("update messages set status = 'sent' where id = :id", id=sent)
    return chat


def local(world):
    return world.now().astimezone(ZONE)


def until(world, hour):
    """Let time pass until that hour of the project's clock, today or tomorrow."""
    now = local(world)
    wanted = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    world.advance(((wanted if wanted > now else wanted + DAY) - now).total_seconds())


def waits(turns):
    return [round((each.goes_at - turns[0].goes_at).total_seconds()) for each in turns]


def row(queue, name):
    return queue.world.value(f"select {name} from send_paces where channel_id = :id", id=queue.channel.id)


def test_a_number_without_a_pace_keeps_nothing_back(queue, known):
    turns = [queue.ask(each) for each in queue.queue(*[known] * 5)]
    assert all(each.at_once for each in turns)
    assert queue.world.rows("select * from send_paces") == []


def test_what_comes_too_fast_waits_its_turn_with_a_timer_each(queue, known):
    queue.pace(per_minute=6, burst=2)
    turns = [queue.ask(each) for each in queue.queue(*[known] * 5)]
    assert [each.at_once for each in turns] == [True, True, False, False, False]
    assert waits(turns[2:]) == [0, 10, 20]
    assert [queue.timers(each.message_id) for each in turns] == [[], [], *([each.goes_at] for each in turns[2:])]


def test_a_thousand_turns_asked_at_once_are_given_one_by_one(queue, known):
    burst, interval = 50, timedelta(seconds=0.1)
    queue.pace(per_minute=600, burst=burst)
    messages = queue.queue(*[known] * 1000)
    with ThreadPoolExecutor(16) as pool:
        turns = sorted(pool.map(queue.ask, messages), key=lambda each: each.goes_at)
    waiting = [each.goes_at for each in turns if not each.at_once]
    assert len(set(waiting)) == len(waiting) >= 1000 - burst - 200
    assert all(later - one >= interval for one, later in itertools.pairwise(waiting))
    goes = [each.goes_at for each in turns]
    for size in (burst, burst + 1, 2 * burst, 10 * burst):
        allowed = interval * (size - burst) - interval
        assert all(last - first >= allowed for first, last in zip(goes, goes[size - 1 :], strict=False))
    assert datetime.fromisoformat(row(queue, "next_at")) >= min(goes) + interval * 1000
    assert [each for each, _ in queue.throttlings()] == [RATE]


def test_numbers_do_not_wait_for_each_other(queue, known, api, world, tenant, other_tenant):
    queue.pace(per_minute=1, burst=1)
    others = [Queue(world, whose, waha_channel(world, api, whose, bot=False)) for whose in (tenant, other_tenant)]
    for other in others:
        other.pace(per_minute=1, burst=1)
    for each in (queue, *others):
        (chat,) = each.begin(1)
        assert [each.ask(message).at_once for message in each.queue(chat, chat)] == [True, False]


def test_a_message_that_asks_again_at_its_turn_goes_and_takes_no_other(queue, known):
    queue.pace(per_minute=6, burst=1)
    _, mine = (queue.ask(each) for each in queue.queue(known, known))
    early = queue.ask(mine.message_id)
    assert (early.at_once, early.goes_at) == (False, mine.goes_at)
    queue.world.advance(10)
    before = row(queue, "next_at")
    assert queue.ask(mine.message_id).at_once
    assert row(queue, "next_at") == before


def test_a_turn_that_was_missed_is_taken_anew_so_that_no_backlog_goes_at_once(queue, known):
    queue.pace(per_minute=6, burst=1)
    turns = [queue.ask(each) for each in queue.queue(*[known] * 4)]
    queue.world.advance(30 + LATE.total_seconds() + 1)
    again = [queue.ask(each.message_id) for each in turns[1:]]
    assert [each.at_once for each in again] == [True, False, False]
    assert waits(again[1:]) == [0, 10]


def test_only_so_many_chats_are_begun_in_a_day(queue, known):
    queue.pace(new_chats_per_day=2)
    chats = queue.begin(4)
    turns = [queue.ask(each) for each in queue.queue(*chats, known)]
    assert [each.at_once for each in turns] == [True, True, False, False, True]
    midnight = (local(queue.world) + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    assert {each.goes_at for each in turns[2:4]} == {midnight}
    assert queue.throttlings() == [(NEW_CHATS, midnight)]
    queue.world.advance((midnight - queue.world.now()).total_seconds() + 1)
    assert [queue.ask(each.message_id).at_once for each in turns[2:4]] == [True, True]


def test_who_begins_many_chats_at_once_begins_no_more_than_may_be(queue):
    queue.pace(new_chats_per_day=10, per_minute=600, burst=600)
    messages = queue.queue(*queue.begin(60))
    with ThreadPoolExecutor(16) as pool:
        turns = list(pool.map(queue.ask, messages))
    assert sum(each.at_once for each in turns) == 10
    assert row(queue, "opened") == 10


def test_a_chat_whose_first_message_missed_its_turn_is_begun_once(queue, known):
    queue.pace(new_chats_per_day=2, per_minute=6, burst=1)
    queue.ask(*queue.queue(known))
    one, other = queue.queue(*queue.begin(2))
    assert not queue.ask(one).at_once
    queue.world.advance(10 + LATE.total_seconds() + 1)
    assert queue.ask(one).at_once
    assert row(queue, "opened") == 1
    assert queue.ask(other).goes_at - queue.world.now() < DAY / 24


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_an_answer_begins_no_chat(queue, direction):
    queue.pace(new_chats_per_day=1)
    chats = queue.begin(2)
    first, second = queue.queue(*chats)
    assert [queue.ask(each).at_once for each in (first, second)] == [True, False]
    (said,) = queue.queue(chats[1])
    queue.world.run("update messages set direction = :way, status = 'sent' where id = :id", way=direction, id=said)
    queue.world.run("update messages set not_before = null where id = :id", id=second)
    assert queue.ask(second).at_once


@pytest.mark.parametrize("status", ["queued", "sending", "failed", "cancelled"])
def test_what_did_not_come_through_has_begun_nothing(queue, status):
    queue.pace(new_chats_per_day=1)
    chats = queue.begin(2)
    first, second = queue.queue(*chats)
    (before,) = queue.queue(chats[1])
    queue.world.run("update messages set status = :status where id = :id", status=status, id=before)
    assert [queue.ask(each).at_once for each in (first, second)] == [True, False]


def test_in_quiet_hours_all_waits_and_then_goes_at_the_pace(queue, known):
    queue.pace(per_minute=6, burst=1, quiet_from="22:00", quiet_until="07:00")
    until(queue.world, 23)
    turns = [queue.ask(each) for each in queue.queue(*[known] * 3)]
    assert {each.goes_at.astimezone(ZONE).hour for each in turns} == {7}
    ends = turns[0].goes_at
    assert queue.throttlings() == [(QUIET_HOURS, ends)]
    queue.world.advance((ends - queue.world.now()).total_seconds() + 0.5)
    again = [queue.ask(each.message_id) for each in turns]
    assert [each.at_once for each in again] == [True, False, False]
    assert waits(again[1:]) == [0, 10]


def test_a_new_number_is_slow_at_first(queue, known):
    queue.pace(per_minute=60, burst=10, warm_up_days=10)
    first = [queue.ask(each) for each in queue.queue(known, known, known)]
    assert [each.at_once for each in first] == [True, False, False]
    assert waits(first[1:]) == [0, 10]
    queue.world.advance(20 * DAY.total_seconds())
    later = [queue.ask(each) for each in queue.queue(*[known] * 12)]
    assert [each.at_once for each in later] == [True] * 10 + [False] * 2
    assert waits(later[10:]) == [0, 1]


def test_a_brake_is_told_once_until_it_is_released(queue, known):
    queue.pace(per_minute=6, burst=1)
    turns = [queue.ask(each) for each in queue.queue(*[known] * 4)]
    assert queue.throttlings() == [(RATE, turns[1].goes_at)]
    queue.world.advance(120)
    again = [queue.ask(each) for each in queue.queue(known, known)]
    assert queue.throttlings() == [(RATE, turns[1].goes_at), (RATE, again[1].goes_at)]


def test_a_pace_that_is_changed_counts_from_the_next_turn(queue, known):
    queue.pace(per_minute=1, burst=1)
    queue.ask(*queue.queue(known))
    queue.world.advance(1)
    queue.pace(per_minute=600, burst=600)
    assert queue.ask(*queue.queue(known)).at_once
    queue.pace()
    assert all(queue.ask(each).at_once for each in queue.queue(known, known))
