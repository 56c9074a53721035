import pytest

from tests.campaigns import canaries


def test_nothing_secret_and_nobodys_words_are_told():
    figures = canaries.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["canaries"] > 150


@pytest.mark.parametrize("fault", canaries.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = canaries.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["logged"]
