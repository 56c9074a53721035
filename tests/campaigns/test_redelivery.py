import pytest

from tests.campaigns import redelivery
from tests.campaigns.situations import SITUATIONS
from tests.campaigns.stage import stage


def test_every_consumer_and_task_has_its_effect_once():
    figures = redelivery.run(long=False)
    assert figures["passed"], str(figures)
    assert figures["functions"] == len(SITUATIONS)
    assert figures["deliveries"] > figures["functions"] * 2 * redelivery.COPIES


@pytest.mark.parametrize("fault", redelivery.FAULTS)
def test_a_planted_fault_is_seen(fault):
    figures = redelivery.FAULTS[fault]()
    assert not figures["passed"]
    assert bool(figures["without_situation"]) == (fault == "situation_missing")
    assert bool(figures["effects_beyond"]) == (fault != "situation_missing")


def test_the_inbox_alone_is_enough_for_a_consumer_that_trusts_it():
    with stage("redelivery", movable=True) as world, redelivery.trusting_timeline():
        figures = redelivery.measure(world, redelivery.QUICK_ENGINES, {"record_timeline"})
    assert figures["passed"], str(figures)
