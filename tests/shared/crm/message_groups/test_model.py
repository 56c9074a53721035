from datetime import timedelta

import pytest

from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.kernel.inbound import Media, MessageType
from tests.shared.crm.samples import NOON, a_chat, arrived, minute, names

TIMEOUT, MAX_WAIT = 15_000, 60_000


def seconds(number):
    return NOON + timedelta(seconds=number)


def opened(message=None, *, timeout_ms=TIMEOUT, max_wait_ms=MAX_WAIT):
    message = message or arrived()
    group = MessageGroup.open(message, now=NOON, timeout_ms=timeout_ms, max_wait_ms=max_wait_ms)
    group.collect()
    return group


def test_a_group_opens_with_its_first_message_and_waits():
    message = arrived(a_chat())
    group = MessageGroup.open(message, now=NOON, timeout_ms=TIMEOUT, max_wait_ms=MAX_WAIT)
    assert (group.status, group.outcome, group.generation) == (GroupStatus.PENDING, None, 0)
    assert (group.chat_id, group.session_id) == (message.chat_id, message.session_id)
    assert (group.deadline_at, group.latest_deadline_at) == (seconds(15), seconds(60))
    assert message.message_group_id == group.id
    assert names(group) == ["message_group.created", "message_group.message_added"]


@pytest.mark.parametrize(
    ("after", "deadline"), [(0, 15), (14, 29), (44, 59), (45, 60), (50, 60), (70, 60)], ids=lambda value: f"{value}s"
)
def test_each_message_moves_the_deadline_but_not_beyond_the_longest_wait(after, deadline):
    group = opened()
    group.join(arrived(), now=seconds(after), timeout_ms=TIMEOUT)
    assert group.deadline_at == seconds(deadline)
    assert names(group) == ["message_group.message_added"]


@pytest.mark.parametrize(("timeout_ms", "max_wait_ms"), [(0, 60_000), (15_000, 0), (0, 0)])
def test_a_channel_may_wait_for_nothing(timeout_ms, max_wait_ms):
    group = opened(timeout_ms=timeout_ms, max_wait_ms=max_wait_ms)
    assert group.is_due(NOON)


def test_a_timeout_longer_than_the_longest_wait_is_cut():
    assert opened(timeout_ms=300_000).deadline_at == seconds(60)


def test_a_group_is_due_at_its_deadline():
    group = opened()
    assert [group.is_due(seconds(at)) for at in (14, 15, 16)] == [False, True, True]


def test_every_timer_has_a_number_of_its_own():
    group = opened()
    assert [group.next_timer(), group.next_timer(), group.generation] == [1, 2, 2]


def test_the_text_is_put_together_as_it_was_written():
    voice = Media(duration_seconds=12)
    burst = [
        arrived(text="Oi", at=minute(-1)),
        arrived(text="qual o preço?", at=minute(0)),
        arrived(text=None, type=MessageType.VOICE, media=voice, at=minute(1)),
        arrived(text="e a hora?", at=minute(2)),
    ]
    group = opened()
    group.process()
    group.complete(burst, seconds(20))
    assert group.text == "Oi qual o preço? [áudio 0:12] e a hora?"
    assert (group.status, group.closed_at) == (GroupStatus.COMPLETED, seconds(20))
    assert names(group) == ["message_group.processing", "message_group.completed"]


def test_a_newer_group_answers_for_an_older_one():
    older, newer = opened(), opened()
    newer.supersede(older)
    assert older.superseded_by_id == newer.id
    assert older.outcome is Outcome.SUPERSEDED
    assert names(older) == ["message_group.settled"]


@pytest.mark.parametrize(
    ("first", "then", "stays"),
    [
        (Outcome.REPLIED, Outcome.TAKEN_OVER, False),
        (Outcome.REPLIED, Outcome.SUPERSEDED, False),
        (Outcome.TAKEN_OVER, Outcome.SUPERSEDED, True),
        (Outcome.SUPERSEDED, Outcome.TAKEN_OVER, True),
        (Outcome.NO_AGENT, Outcome.SUPERSEDED, True),
        (Outcome.FAILED, Outcome.REPLIED, True),
    ],
)
def test_only_a_reply_that_was_withdrawn_changes_how_a_group_ended(first, then, stays):
    group = opened()
    group.settle(first, "for a reason")
    group.settle(then, "for another")
    assert group.outcome is (first if stays else then)
    assert group.outcome_reason == ("for a reason" if stays else "for another")


def test_a_group_that_fails_has_ended():
    group = opened()
    group.fail("nothing could be put together", seconds(20))
    assert (group.status, group.outcome, group.closed_at) == (GroupStatus.FAILED, Outcome.FAILED, seconds(20))
    assert names(group) == ["message_group.failed", "message_group.settled"]
