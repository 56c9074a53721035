import pytest

from tests.campaigns import signatures


def test_only_what_a_channels_server_signed_is_taken_in():
    figures = signatures.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["cases"] > 200


@pytest.mark.parametrize("fault", signatures.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = signatures.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["accepted_wrongly"] > 0
