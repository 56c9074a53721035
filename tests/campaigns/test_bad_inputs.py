import pytest

from tests.campaigns import bad_inputs


def test_nothing_that_can_be_sent_breaks_a_function_or_is_lost():
    figures = bad_inputs.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", bad_inputs.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = bad_inputs.FAULTS[fault]()
    assert not figures["passed"], str(figures)
