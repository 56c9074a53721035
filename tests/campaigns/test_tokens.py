import pytest

from tests.campaigns import tokens


def test_no_forged_credential_comes_in():
    figures = tokens.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["requests"] == figures["attacks"] * figures["routes"]


@pytest.mark.parametrize("fault", tokens.FAULTS)
def test_a_planted_fault_is_seen(fault):
    assert not tokens.FAULTS[fault]()["passed"]
