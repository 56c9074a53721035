import time

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from shared.kernel.errors import Conflict, Invalid, Unavailable
from shared.runtime.postgres import Undecided
from shared.runtime.retry import ATTEMPTS, Stale, retried

DEADLOCK = DatabaseError({"C": "40P01"})
LOST = InterfaceError("network error")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)


class Work:
    """Fails in the given ways, one after the other, then succeeds."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.attempts = 0

    def __call__(self):
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


@pytest.mark.parametrize("failure", [Stale(), DEADLOCK, DatabaseError({"C": "23505"}), LOST, ConnectionResetError()])
def test_what_passes_is_tried_again(failure):
    work = Work(failure, failure)
    assert retried(work) == "done"
    assert work.attempts == 3


@pytest.mark.parametrize("failure", [ValueError(), Invalid("no"), DatabaseError({"C": "23514"})])
def test_what_stays_is_told_at_once(failure):
    work = Work(failure)
    with pytest.raises(type(failure)):
        retried(work)
    assert work.attempts == 1


@pytest.mark.parametrize(("failure", "told"), [(Stale(), Conflict), (DEADLOCK, Conflict), (LOST, Unavailable)])
def test_it_is_given_up_after_some_attempts(failure, told):
    work = Work(*[failure] * 50)
    with pytest.raises(told) as caught:
        retried(work)
    assert work.attempts == ATTEMPTS
    assert caught.value.__cause__ is failure


def test_the_last_failure_is_the_one_that_is_told():
    work = Work(*[Stale()] * (ATTEMPTS - 1), ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        retried(work)


def test_an_unknown_outcome_is_not_repeated_by_who_may_do_it_once_only():
    work = Work(Undecided("gone"))
    with pytest.raises(Unavailable) as caught:
        retried(work, once=True)
    assert (caught.value.code, work.attempts) == ("outcome_unknown", 1)


def test_an_unknown_outcome_at_the_last_attempt_is_told_as_such():
    work = Work(*[LOST] * (ATTEMPTS - 1), Undecided("gone"))
    with pytest.raises(Unavailable) as caught:
        retried(work, once=True)
    assert caught.value.code == "outcome_unknown"


def test_who_knows_their_work_again_repeats_it_after_an_unknown_outcome():
    work = Work(Undecided("gone"))
    assert retried(work) == "done"
    assert work.attempts == 2


def test_nobody_waits_twice_for_a_database_that_says_nothing():
    work = Work(TimeoutError("timed out"))
    with pytest.raises(TimeoutError):
        retried(work)
    assert work.attempts == 1
