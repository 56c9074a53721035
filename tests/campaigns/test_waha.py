import pytest

from tests.campaigns import waha


def test_a_history_comes_over_whole_amid_kills_and_traffic():
    figures = waha.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["engines"] == 3
    assert figures["messages"] >= 3 * waha.QUICK.messages


@pytest.mark.parametrize("fault", waha.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = waha.FAULTS[fault]()
    assert not figures["passed"], str(figures)
