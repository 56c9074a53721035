import pytest

from tests.campaigns import lost_updates


def test_no_change_gets_lost():
    figures = lost_updates.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", lost_updates.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = lost_updates.FAULTS[fault]()
    assert not figures["passed"], str(figures)
