import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.cloud.breaker import Breaker, Open


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def fail():
    raise ValueError("away")


def opened(clock):
    breaker = Breaker(3, 5.0, clock)
    for _ in range(3):
        with pytest.raises(ValueError, match="away"):
            breaker.call(fail)
    return breaker


def test_failures_in_a_row_open_it_and_a_success_in_between_does_not():
    breaker = Breaker(3, 5.0)
    for work in (fail, fail, int, fail, fail):
        if work is int:
            assert breaker.call(work) == 0
        else:
            with pytest.raises(ValueError, match="away"):
                breaker.call(work)
    assert breaker.call(int) == 0


def test_an_open_one_asks_nobody():
    breaker = opened(Clock())
    with pytest.raises(Open):
        breaker.call(lambda: pytest.fail("it was asked"))


def test_after_its_rest_exactly_one_probes_and_success_closes_it():
    clock = Clock()
    breaker = opened(clock)
    clock.now = 5.0
    inside, go_on = threading.Event(), threading.Event()

    def probe():
        inside.set()
        return go_on.wait(10)

    with ThreadPoolExecutor(1) as threads:
        probing = threads.submit(breaker.call, probe)
        assert inside.wait(10)
        for _ in range(5):
            with pytest.raises(Open):
                breaker.call(int)
        go_on.set()
        assert probing.result(10)
    assert breaker.call(int) == 0


def test_a_probe_that_fails_makes_it_rest_again():
    clock = Clock()
    breaker = opened(clock)
    clock.now = 5.0
    with pytest.raises(ValueError, match="away"):
        breaker.call(fail)
    clock.now = 9.9
    with pytest.raises(Open):
        breaker.call(int)
    clock.now = 10.0
    assert breaker.call(int) == 0
