import pytest

from tests.campaigns import timers

SEEN_BY = {
    "generation_unchecked": "old_timers_acted",
    "sweeper_off": "never_closed",
    "deadline_ignored": "closed_early",
}


def test_every_burst_is_closed_once():
    figures = timers.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["messages"] > figures["bursts"] > timers.QUICK


@pytest.mark.parametrize("fault", timers.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = timers.FAULTS[fault]()
    assert not figures["passed"]
    assert figures[SEEN_BY[fault]] > 0
