import pytest

from tests.campaigns import desk


def test_the_api_shows_what_the_model_has_after_each_step():
    figures = desk.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", desk.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = desk.FAULTS[fault]()
    assert not figures["passed"], str(figures)
