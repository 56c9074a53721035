from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.crm.channels.health import LOCK_IS_BELIEVED, LOOK_AGAIN, Capping, ChannelHealth, Restrictions

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def health():
    return ChannelHealth(id=uuid4(), tenant_id=uuid4(), project_id=uuid4())


def test_whoever_is_free_may_open_chats(health):
    assert health.may_open_chats(NOW)
    assert not health.answered(Restrictions(), NOW)
    assert health.may_open_chats(NOW)


def test_a_lock_holds_for_its_time(health):
    assert health.answered(Restrictions(timelocked=True, timelocked_until=NOW + HOUR), NOW)
    assert not health.may_open_chats(NOW)
    assert health.may_open_chats(NOW + 2 * HOUR)
    assert not health.answered(Restrictions(timelocked=True, timelocked_until=NOW + HOUR), NOW)
    assert health.answered(Restrictions(), NOW + 2 * HOUR)


def test_a_lock_without_a_time_holds_until_it_is_denied(health):
    health.answered(Restrictions(timelocked=True), NOW)
    assert not health.may_open_chats(NOW + 100 * HOUR)
    assert health.answered(Restrictions(), NOW + HOUR)
    assert health.may_open_chats(NOW + HOUR)


def test_a_lock_that_was_run_into_is_believed_though_the_provider_knows_of_none(health):
    assert health.refused(NOW)
    assert not health.refused(NOW)
    assert not health.answered(Restrictions(), NOW + HOUR / 2)
    assert not health.may_open_chats(NOW + HOUR / 2)
    assert health.answered(Restrictions(), NOW + LOCK_IS_BELIEVED)
    assert health.may_open_chats(NOW + LOCK_IS_BELIEVED)


def test_running_into_a_known_lock_does_not_shorten_it(health):
    health.answered(Restrictions(timelocked=True, timelocked_until=NOW + 9 * HOUR), NOW)
    health.refused(NOW)
    assert health.timelocked_until == NOW + 9 * HOUR


def test_a_lock_whose_end_nobody_knows_gets_none_by_being_run_into(health):
    health.answered(Restrictions(timelocked=True), NOW)
    assert not health.refused(NOW)
    assert not health.may_open_chats(NOW + 2 * LOCK_IS_BELIEVED)


def test_running_into_a_lock_that_should_be_over_is_news(health):
    health.answered(Restrictions(timelocked=True, timelocked_until=NOW + HOUR), NOW)
    assert health.refused(NOW + 2 * HOUR)
    assert health.closed_until(NOW + 2 * HOUR) == NOW + 2 * HOUR + LOCK_IS_BELIEVED


def test_it_is_known_until_when_no_chats_are_opened(health):
    assert health.closed_until(NOW) is None
    capped = Restrictions(capping=Capping.CAPPED, resets_at=NOW + 3 * HOUR)
    health.answered(capped, NOW)
    assert (health.closed_until(NOW), health.closed_until(NOW + 3 * HOUR)) == (NOW + 3 * HOUR, None)
    health.refused(NOW)
    assert health.closed_until(NOW) == NOW + 3 * HOUR
    health.answered(Restrictions(timelocked=True, timelocked_until=NOW + 9 * HOUR, capping=Capping.CAPPED), NOW)
    assert health.closed_until(NOW) == NOW + LOOK_AGAIN


@pytest.mark.parametrize("capping", Capping)
def test_only_who_is_capped_may_open_none(health, capping):
    health.answered(Restrictions(capping=capping, used=3, total=9), NOW)
    assert health.may_open_chats(NOW) is (capping is not Capping.CAPPED)
    assert (health.capping_used, health.capping_total) == (3, 9)


def test_who_does_not_answer_keeps_what_is_known(health):
    health.answered(Restrictions(timelocked=True), NOW)
    health.unanswered("unreachable", NOW + HOUR)
    assert (health.problem, health.checked_at, health.timelocked) == ("unreachable", NOW + HOUR, True)
    health.answered(Restrictions(timelocked=True), NOW + 2 * HOUR)
    assert health.problem is None


def test_a_silence_is_news_once(health):
    assert health.silent(NOW)
    assert not health.silent(NOW + HOUR)
    assert health.silent_since == NOW
    health.heard()
    assert health.silent(NOW + 3 * HOUR)
