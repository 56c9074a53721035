import json
import sys

import pytest

from infra.environment import ROOT
from infra.local.bus import Bus
from infra.local.process import Child, clean_environment
from tests.shared.runtime.post import ACCOUNT, Wire, event, task, until


@pytest.fixture
def wire(tmp_path):
    with Bus(tmp_path / "bus", service_account=ACCOUNT) as bus:
        wire = Wire(bus)
        wire.topic()
        wire.queue()
        yield wire
        wire.close()


@pytest.fixture
def relay(tmp_path, database, wire):
    pubsub, tasks = wire.addresses
    env = clean_environment(**database.environment(), PUBSUB_EMULATOR_HOST=pubsub, CLOUD_TASKS_EMULATOR_HOST=tasks)
    command = (sys.executable, "-m", "infra.local.services", "relay_outbox")
    with Child(command, env, tmp_path / "relay.log", cwd=ROOT) as child:
        yield child


def said(relay):
    return [json.loads(line) for line in relay.log.read_text().splitlines()]


def test_the_relay_is_a_process_that_carries_until_it_is_told_to_stop(world, wire, relay):
    world.admin.run(event(1), task(1))
    wire.wait_for(1)
    until(lambda: len(wire.kept_tasks()) == 1)
    relay.stop(20)
    assert relay.returncode == 0
    assert world.value("select count(*) from relay_leases") == 0
    lines = said(relay)
    assert [line["message"] for line in (lines[0], lines[-1])] == ["relay started", "relay stopped"]
    assert {line["function"] for line in lines} == {"relay_outbox"}
