import pytest

from tests.campaigns import storm


def test_a_storm_ends_as_a_calm_day():
    figures = storm.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["deliveries"] > figures["events"] == storm.QUICK
    assert figures["chats"] >= 35


@pytest.mark.parametrize("fault", storm.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = storm.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["differences"]
