import pytest

from tests.campaigns import bundles
from tests.support.venvs import unreachable

# What each planted fault must show up as.
SHOWN = {
    "module_removed": "unanswered",
    "requirement_missing": "refused",
    "extra_missing": "unanswered",
    "module_borrowed": "strangers",
}


@pytest.fixture(scope="module", autouse=True)
def _one_yard():
    if reason := unreachable():
        pytest.skip(reason)
    with bundles.yard():
        yield


def test_one_of_each_kind_starts_with_its_own_requirements_and_answers():
    figures = bundles.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["bundles"] == len(bundles.SHORT)
    assert len(figures["kinds"]) == len(bundles.SHORT)


@pytest.mark.parametrize("fault", bundles.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = bundles.FAULTS[fault]()
    assert not figures["passed"]
    assert figures[SHOWN[fault]] > 0, str(figures)
