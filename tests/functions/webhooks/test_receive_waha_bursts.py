from datetime import datetime, timedelta

import pytest

from tests.functions.webhooks.conftest import BIA, GROUP
from tests.functions.webhooks.test_receive_waha_echoes import by_id, sends

FLUSH = "flush_message_group"


def bursts(desk, status="pending"):
    return desk.world.rows("select * from message_groups where status = :status order by opened_at", status=status)


def moment(text):
    return datetime.fromisoformat(text)


def waits(burst):
    return (moment(burst["deadline_at"]) - moment(burst["opened_at"])).total_seconds()


def test_a_message_opens_a_burst_whose_timer_leaves_with_it(any_desk):
    any_desk.hears()
    (burst,) = bursts(any_desk)
    assert waits(burst) == 15
    (task,) = any_desk.world.tasks()
    assert (task["task"], task["queue"]) == (FLUSH, "timers")
    assert task["body"]["data"] == {"group_id": burst["id"], "generation": 0}
    assert moment(task["run_at"]) == moment(burst["deadline_at"])
    assert len(task["dedup_name"]) == 32


def test_more_messages_join_it_and_move_its_deadline_without_another_timer(any_desk):
    first = any_desk.message(any_desk.hears("um"))
    any_desk.world.advance(10)
    second = any_desk.message(any_desk.hears("dois", kind="image"))
    (burst,) = bursts(any_desk)
    assert first["message_group_id"] == second["message_group_id"] == burst["id"]
    assert 25 <= waits(burst) < 26
    assert burst["generation"] == 0
    assert len(any_desk.world.tasks()) == 1
    assert len(any_desk.world.events("message_group.message_added")) == 2


def test_a_burst_waits_no_longer_than_the_channel_says(any_desk):
    for _ in range(7):
        any_desk.hears()
        any_desk.world.advance(10)
    (burst,) = bursts(any_desk)
    assert waits(burst) == 60


@pytest.mark.parametrize(
    ("timeout_ms", "max_wait_ms", "seconds"), [(0, 60_000, 0), (300_000, 60_000, 60), (300_000, 900_000, 300)]
)
def test_each_channel_waits_in_its_own_way(open_desk, timeout_ms, max_wait_ms, seconds):
    desk = open_desk(debounce_timeout_ms=timeout_ms, debounce_max_wait_ms=max_wait_ms)
    desk.hears()
    assert waits(bursts(desk)[0]) == seconds


def test_every_chat_has_its_own_burst(any_desk):
    for said in ({}, {"customer": BIA}, {"group": GROUP}, {"group": GROUP, "customer": BIA}):
        any_desk.hears(**said)
    chats = [burst["chat_id"] for burst in bursts(any_desk)]
    assert len(chats) == len(set(chats)) == 3


def test_a_burst_whose_timer_is_late_still_takes_what_comes(any_desk):
    any_desk.hears()
    any_desk.world.advance(300)
    any_desk.hears()
    (burst,) = bursts(any_desk)
    assert waits(burst) == 60
    assert any_desk.count("messages where message_group_id is not null") == 2


def became(desk, burst):
    """The outcome of a burst, and which newer one carries what it asked."""
    (row,) = desk.world.rows("select outcome, superseded_by_id from message_groups where id = :id", id=burst)
    return row["outcome"], row["superseded_by_id"]


def being_answered(desk, *, outcome=None):
    """A burst that was closed, and whose answer is under way."""
    desk.hears("qual o preço?")
    desk.world.run(
        "update message_groups set status = 'completed', text = 'qual o preço?', closed_at = now(), outcome = :outcome",
        outcome=outcome,
    )
    return bursts(desk, "completed")[0]["id"]


def test_a_message_during_the_answer_opens_the_next_burst_which_answers_for_both(any_desk):
    older = being_answered(any_desk)
    any_desk.hears("e a hora?")
    (burst,) = bursts(any_desk)
    assert became(any_desk, older) == ("superseded", burst["id"])
    assert len(any_desk.world.tasks(FLUSH)) == 2


@pytest.mark.parametrize(("status", "becomes"), [("queued", "cancelled"), ("sending", "sending"), ("sent", "sent")])
def test_a_reply_is_withdrawn_unless_somebody_has_claimed_it(any_desk, status, becomes):
    older = being_answered(any_desk, outcome="replied")
    reply = sends(any_desk, status=status, external_id=None if status == "queued" else "3EB0CLAIMED")
    any_desk.world.run("update messages set answers_group_id = :older where id = :id", older=older, id=reply)
    any_desk.hears("e a hora?")
    assert by_id(any_desk, reply)["status"] == becomes
    newer = bursts(any_desk)[0]["id"]
    assert became(any_desk, older) == (("superseded", newer) if becomes == "cancelled" else ("replied", None))


@pytest.mark.parametrize("outcome", ["replied", "taken_over", "no_agent", "failed", "superseded"])
def test_what_has_ended_is_not_answered_again(any_desk, outcome):
    older = being_answered(any_desk, outcome=outcome)
    any_desk.hears("e a hora?")
    assert became(any_desk, older) == (outcome, None)


def test_what_we_write_joins_no_burst(any_desk):
    any_desk.hears()
    any_desk.writes()
    assert any_desk.count("messages where message_group_id is null") == 1
    assert any_desk.world.value("select outcome from message_groups") is None


def test_a_repeated_delivery_moves_no_deadline(any_desk):
    event = any_desk.channel
    any_desk.hears()
    before = bursts(any_desk)
    body = any_desk.world.value("select encode(body, 'escape') from inbound_deliveries")
    any_desk.world.advance(5)
    assert event.deliver(body.encode()).status_code == 200
    assert bursts(any_desk) == before
    assert moment(before[0]["deadline_at"]) - moment(before[0]["opened_at"]) == timedelta(seconds=15)
