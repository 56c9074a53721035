import pytest

from tests.campaigns import idempotency


def test_what_is_sent_again_is_done_once():
    figures = idempotency.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", idempotency.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = idempotency.FAULTS[fault]()
    assert not figures["passed"], str(figures)
