from datetime import timedelta
from typing import Any

import pytest

from shared.core.projects.events import ProjectUpdated
from shared.core.projects.store import Projects
from shared.kernel.tasks import Task
from shared.kernel.values import Name
from shared.runtime.consume import consumer
from shared.runtime.declarations import declaration_of
from shared.runtime.task import task
from shared.runtime.work import unit_of_work
from tests.support import world as support
from tests.support.registries import own_registries
from tests.support.world import Undelivered


@pytest.fixture
def log(monkeypatch):
    """What two functions of the test's own were called with: one hears of projects, the other winds kites."""
    calls: list[Any] = []
    with own_registries():

        class WindKite(Task, name="wind_kite", queue="timers", once_per=("turn",)):
            turn: int
            again_after: int = 0

        @consumer(ProjectUpdated)
        def hear_of_project(uow, event) -> None:
            """Hear of a project."""
            calls.append("heard")
            uow.schedule(WindKite(turn=len(calls)))

        @task(WindKite)
        def wind_kite(uow, task) -> None:
            """Wind a kite."""
            if task.turn < 0:
                raise ValueError("no")
            calls.append((task.turn, uow.now))
            if task.again_after:
                seconds = timedelta(seconds=task.again_after)
                uow.schedule(WindKite(turn=task.turn + 1, again_after=task.again_after // 10), uow.now + seconds)

        calls_of = {"project.updated": [declaration_of(hear_of_project)]}
        monkeypatch.setattr(support, "consumers_of", lambda name: calls_of.get(name, []))
        monkeypatch.setattr(support, "function_for", {"wind_kite": declaration_of(wind_kite)}.get)
        yield calls


@pytest.fixture
def schedule(tenant, log):
    def schedule(after=None, **fields):
        with unit_of_work(tenant.tenant_id) as uow:
            uow.schedule(Task.catalogue["wind_kite"](**fields), uow.now + timedelta(seconds=after) if after else None)
            uow.commit()

    return schedule


def test_events_reach_their_consumers_and_what_these_cause_is_done_too(world, tenant, log):
    with unit_of_work(tenant.tenant_id) as uow:
        Projects(uow).get(tenant.project_id).update(name=Name("Vendas"))
        uow.commit()
    done = world.drain()
    assert (done.events, done.tasks, done.calls) == (1, 1, {"hear_of_project": 1, "wind_kite": 1})
    assert world.drain().calls == {}
    assert world.value("select count(*) from outbox_events where published_at is null") == 0


def test_a_task_for_later_waits_until_time_has_passed(world, log, schedule):
    schedule(after=60, turn=1)
    assert world.drain().tasks == 0
    world.advance(61)
    assert world.drain().tasks == 1


def test_time_may_pass_up_to_a_moment(world, log, schedule):
    before = world.now()
    schedule(after=60, turn=1)
    schedule(after=600, turn=2)
    assert world.drain(until=timedelta(seconds=120)).tasks == 1
    assert 120 <= (world.now() - before).total_seconds() < 150
    assert world.drain(until=before + timedelta(seconds=700)).tasks == 1


def test_time_may_pass_until_no_timer_is_left(world, log, schedule):
    before = world.now()
    schedule(after=100, turn=1, again_after=1000)
    assert world.drain(timers=True).tasks == 5
    turns = [turn for turn, _ in log]
    waited = [(at - before).total_seconds() for _, at in log]
    assert turns == [1, 2, 3, 4, 5]
    assert [round(seconds, -1) for seconds in waited] == [100, 1100, 1200, 1210, 1210]


def test_of_two_tasks_of_one_name_the_queue_takes_the_first(world, log, schedule):
    schedule(turn=1)
    schedule(turn=1)
    assert world.drain().tasks == 1
    schedule(turn=1)
    assert world.drain().tasks == 0


def test_a_failure_is_told_and_can_be_asked_for(world, log, schedule):
    schedule(turn=-1)
    with pytest.raises(Undelivered, match="wind_kite answered 500"):
        world.drain()
    schedule(turn=-2)
    assert world.drain(tolerate=True).failures == ["wind_kite answered 500"]


def test_what_tests_declared_is_gone():
    assert "wind_kite" not in Task.catalogue
