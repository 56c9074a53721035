import pytest

from tests.campaigns import crash
from tests.campaigns.payloads import payloads


def test_no_crash_loses_or_doubles_anything():
    figures = crash.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["crashes"] > 50
    assert len(figures["boundaries"]) == len(payloads("GOWS", 0)) >= 30


@pytest.mark.parametrize("fault", crash.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = crash.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["lost_messages"] + figures["lost_events"] > 0
