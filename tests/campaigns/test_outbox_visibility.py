import pytest

from tests.campaigns import outbox_visibility


def test_no_event_stays_behind():
    figures = outbox_visibility.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["events"] == outbox_visibility.WRITERS * outbox_visibility.QUICK
    assert figures["relays_killed"] > 0


@pytest.mark.parametrize("fault", outbox_visibility.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = outbox_visibility.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["skipped"] > 0
