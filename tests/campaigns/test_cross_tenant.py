import pytest

from tests.campaigns import cross_tenant

# What each planted fault must show up as.
SHOWN = {
    "role_above": "leaks",
    "table_unsecured": "leaks",
    "projects_unseparated": "leaks",
    "route_unprepared": "uncovered",
    "nobody_refused": "role_mismatches",
}


def test_no_operation_tells_anything_of_anybody_else():
    figures = cross_tenant.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["cells"] > figures["operations"]


@pytest.mark.parametrize("fault", cross_tenant.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = cross_tenant.FAULTS[fault]()
    assert not figures["passed"]
    assert figures[SHOWN[fault]] > 0
