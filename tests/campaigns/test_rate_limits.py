import pytest

from tests.campaigns import rate_limits


def test_as_many_come_through_as_agreed():
    figures = rate_limits.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", rate_limits.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = rate_limits.FAULTS[fault]()
    assert not figures["passed"], str(figures)
