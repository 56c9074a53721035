import pytest

from tests.campaigns import rls


def test_two_tenants_never_see_each_other():
    figures = rls.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["requests"] == rls.QUICK


@pytest.mark.parametrize("fault", rls.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = rls.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["foreign_rows"] > 0
