import pytest

from tests.campaigns import clock_skew


def test_clocks_that_do_not_agree_change_nothing():
    figures = clock_skew.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", clock_skew.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = clock_skew.FAULTS[fault]()
    assert not figures["passed"], str(figures)
