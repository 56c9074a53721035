import pytest

from tests.campaigns import ssrf

# What each planted fault must show up as.
SHOWN = {
    "unchecked_when_written": "wrong_verdicts",
    "pythons_own_rule": "wrong_verdicts",
    "names_connected": "second_lookups",
    "answers_unchecked": "inward_connections",
    "redirects_followed": "second_requests",
    "key_for_everybody": "keys_given_away",
}


def test_no_url_from_outside_leads_inside():
    figures = ssrf.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["cases"] > 3 * figures["urls"]


@pytest.mark.parametrize("fault", ssrf.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = ssrf.FAULTS[fault]()
    assert not figures["passed"]
    assert figures[SHOWN[fault]] > 0
