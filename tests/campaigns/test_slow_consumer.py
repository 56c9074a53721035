import pytest

from tests.campaigns import slow_consumer


def test_who_outlives_the_ack_deadline_has_its_effect_once():
    figures = slow_consumer.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", slow_consumer.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = slow_consumer.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["told_twice"] + figures["asked_beyond"] + figures["sent_beyond"] > 0
