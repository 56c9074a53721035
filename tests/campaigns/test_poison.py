import pytest

from tests.campaigns import poison


def test_what_can_never_be_taken_holds_nobody_up_and_takes_its_effect_once_mended():
    figures = poison.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["kept"] == {
        "flush_message_group: Poisoned": 1,
        "record_timeline: NotAcknowledged": 1,
        "record_timeline: Poisoned": 1,
        "run_agent: Poisoned": 1,
        "send_message: Poisoned": 1,
    }


@pytest.mark.parametrize("fault", poison.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = poison.FAULTS[fault]()
    assert not figures["passed"]
    assert figures["lost"] or figures["doubled"]
