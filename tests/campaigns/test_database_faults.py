import pytest

from tests.campaigns import database_faults

SEEN_BY = {"answered_unsaved": "missing", "no_deadline": "hung"}


def test_a_database_that_comes_and_goes_costs_nothing_but_a_short_wait():
    figures = database_faults.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", database_faults.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = database_faults.FAULTS[fault]()
    assert not figures["passed"]
    assert figures[SEEN_BY[fault]], str(figures)
