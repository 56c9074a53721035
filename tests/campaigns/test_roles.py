import pytest

from tests.campaigns import roles


def test_every_route_lets_in_whom_the_policy_names_and_nobody_else():
    figures = roles.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["requests"] == figures["routes"] * figures["callers"]


@pytest.mark.parametrize("fault", roles.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = roles.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["breaches"] > 0
