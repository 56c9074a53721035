import pytest

from tests.campaigns import contract


def test_the_api_answers_as_its_document_says():
    figures = contract.run(long=False)
    assert figures["passed"], str(figures)


@pytest.mark.parametrize("fault", contract.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = contract.FAULTS[fault]()
    assert not figures["passed"], str(figures)
