import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.functions.machine import ReplySide

EXAMPLES, STEPS = 10, 25
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("engine", ["GOWS", "WEBJS"])
def test_whatever_happens_in_whatever_order_every_promise_holds(world, emptying, engine):
    surroundings = {"world": world, "empty": emptying, "engine": engine}
    run_state_machine_as_test(type("Machine", (ReplySide,), surroundings), settings=SETTINGS)
