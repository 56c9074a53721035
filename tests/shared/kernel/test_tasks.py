import re
from uuid import UUID

import pytest

from shared.kernel.tasks import Task
from tests.support.registries import own_registries

ID = UUID("0190a4f0-0000-7000-8000-000000000001")


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


@pytest.fixture
def wind_kite():
    class WindKite(Task, name="wind_kite", queue="timers", once_per=("kite_id", "turn")):
        kite_id: UUID
        turn: int
        reason: str = ""

    return WindKite


def test_a_task_knows_its_name_and_queue(wind_kite):
    assert Task.catalogue["wind_kite"] is wind_kite
    assert (wind_kite.task_name, wind_kite.queue) == ("wind_kite", "timers")


def test_two_tasks_of_one_name_are_an_error(wind_kite):
    with pytest.raises(TypeError, match="two tasks are named 'wind_kite'"):

        class UnwindKite(Task, name="wind_kite", queue="timers"):
            pass


def test_tasks_are_the_same_by_what_they_say_makes_them_so(wind_kite):
    first = wind_kite(kite_id=ID, turn=1).dedup_name()
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert wind_kite(kite_id=ID, turn=1, reason="again").dedup_name() == first
    assert wind_kite(kite_id=ID, turn=2).dedup_name() != first


def test_values_do_not_run_into_each_other():
    class TieKnot(Task, name="tie_knot", queue="timers", once_per=("left", "right")):
        left: str
        right: str

    assert TieKnot(left="ab", right="c").dedup_name() != TieKnot(left="a", right="bc").dedup_name()


def test_a_task_that_may_be_repeated_has_no_name_in_the_queue():
    class CutLine(Task, name="cut_line", queue="timers"):
        pass

    assert CutLine().dedup_name() is None
