import pytest

from functions.schedules.sweep_outbox import sweep_outbox
from infra.local.bus import Bus
from shared.runtime.declarations import declaration_of
from tests.shared.runtime.post import ACCOUNT, Wire, event, task
from tests.support.api import call
from tests.support.environment import environment


@pytest.fixture
def wire(tmp_path):
    with Bus(tmp_path / "bus", service_account=ACCOUNT) as bus:
        wire = Wire(bus)
        wire.topic()
        wire.queue()
        pubsub, tasks = wire.addresses
        with environment({"PUBSUB_EMULATOR_HOST": pubsub, "CLOUD_TASKS_EMULATOR_HOST": tasks}):
            yield wire
        wire.close()


def sweep():
    return call(declaration_of(sweep_outbox), "POST", "/").status_code


def test_a_sweep_carries_what_no_relay_carries(world, wire):
    world.admin.run(*(event(number, key=str(number)) for number in range(20)), task(1))
    assert sweep() == 204
    assert len(wire.wait_for(20)) == 20
    assert len(wire.kept_tasks()) == 1
    assert world.value("select count(*) from relay_leases") == 0


def test_a_sweep_with_nothing_to_do_ends_at_once(world, wire):
    assert sweep() == 204
    assert wire.kept_tasks() == []
