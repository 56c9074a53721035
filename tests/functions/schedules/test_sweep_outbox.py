import json
from datetime import UTC, datetime, timedelta

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


def test_a_sweep_says_first_how_long_what_it_found_had_waited(world, wire, capsys):
    world.admin.run(*(event(number, key=str(number)) for number in range(3)))
    world.run("update outbox_events set created_at = created_at - interval '90 seconds' where true")
    assert [sweep(), sweep()] == [204, 204]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    first, second = (line for line in lines if line["message"] == "outbox")
    assert first["waiting"] == 3
    assert 90 <= first["oldest_seconds"] < 120
    assert (second["waiting"], second["oldest_seconds"]) == (0, 0)


def found(capsys):
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = (line for line in lines if line["message"] == "outbox")
    return line


def test_a_task_that_waits_is_as_late_as_an_event(world, wire, capsys):
    world.admin.run(event(1), task(1))
    world.run("update outbox_events set created_at = created_at - interval '90 seconds' where true")
    world.run("update outbox_tasks set created_at = created_at - interval '200 seconds' where true")
    assert sweep() == 204
    line = found(capsys)
    assert line["waiting"] == 2
    assert 200 <= line["oldest_seconds"] < 230


def test_a_task_that_no_queue_would_take_yet_is_not_late(world, wire, capsys):
    in_days = [datetime.now(UTC) + timedelta(days=days) for days in (40, 28.999)]
    world.admin.run(*(task(number, run_at=at.isoformat()) for number, at in enumerate(in_days)))
    world.run("update outbox_tasks set created_at = created_at - interval '3 days' where true")
    assert sweep() == 204
    line = found(capsys)
    assert line["waiting"] == 1
    assert 80 <= line["oldest_seconds"] < 120


def test_a_sweep_with_nothing_to_do_ends_at_once(world, wire):
    assert sweep() == 204
    assert wire.kept_tasks() == []
