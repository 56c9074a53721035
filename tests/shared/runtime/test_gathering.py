from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from shared.runtime.gathering import Gathering
from tests.shared.runtime.post import until


@pytest.fixture
def pool():
    with ThreadPoolExecutor(16) as threads:
        yield threads


class Work:
    """Work whose first turn lasts until it is let go."""

    def __init__(self, outcome=lambda item: True):
        self.turns = []
        self.begun, self.go_on = Event(), Event()
        self.outcome = outcome

    def __call__(self, items):
        self.turns.append(items)
        self.begun.set()
        assert self.go_on.wait(30)
        return [self.outcome(item) for item in items]


def queued(gathering, pool, work, items):
    """Begin with the first item, and let the others queue behind it."""
    first = pool.submit(gathering.do, items[0])
    assert work.begun.wait(30)
    others = []
    for count, item in enumerate(items[1:], 1):
        others.append(pool.submit(gathering.do, item))
        until(lambda count=count: len(gathering._queue) == count)
    return [first, *others]


def test_who_comes_alone_is_served_alone(pool):
    work = Work()
    work.go_on.set()
    gathering = Gathering(work, leaders=1, most=4)
    assert [gathering.do(item) for item in "ab"] == [True, True]
    assert work.turns == [["a"], ["b"]]


def test_who_waits_is_served_together_in_order_and_never_too_many_at_once(pool):
    work = Work()
    gathering = Gathering(work, leaders=1, most=4)
    futures = queued(gathering, pool, work, "abcdefg")
    work.go_on.set()
    assert [each.result(30) for each in futures] == [True] * 7
    assert work.turns == [["a"], ["b", "c", "d", "e"], ["f", "g"]]


def test_each_is_told_what_became_of_its_own(pool):
    work = Work(outcome=lambda item: item != "c")
    gathering = Gathering(work, leaders=1, most=4)
    futures = queued(gathering, pool, work, "abcd")
    work.go_on.set()
    assert [each.result(30) for each in futures] == [True, True, False, True]


def test_several_lead_at_once(pool):
    work = Work()
    gathering = Gathering(work, leaders=2, most=4)
    futures = [pool.submit(gathering.do, item) for item in "ab"]
    until(lambda: len(work.turns) == 2)
    work.go_on.set()
    assert [each.result(30) for each in futures] == [True, True]


def test_a_failure_is_that_of_all_and_nobody_waits_for_ever(pool):
    def fail(items):
        if "b" in items:
            raise RuntimeError("no")
        return work(items)

    work = Work()
    gathering = Gathering(fail, leaders=1, most=4)
    first, leader, follower = queued(gathering, pool, work, "abc")
    work.go_on.set()
    assert first.result(30)
    for each in (leader, follower):
        with pytest.raises(RuntimeError):
            each.result(30)
    assert gathering.do("d")
