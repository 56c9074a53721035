"""The list of chats is read to its end, however often a step of it comes."""

from infra.fakes.waha_history import Trouble
from tests.support.calls import again, tick


def tasks(world, name):
    return world.tasks(name)


def test_the_list_is_read_page_by_page(open_past, world):
    past = open_past(chats=230, messages=230)
    assert past.fetches()["chats"] == 230
    assert len(tasks(world, "list_history")) == 3


def test_a_step_that_comes_twice_changes_nothing(past, world):
    past.asks()
    first = tasks(world, "list_history")[0]
    assert again(first) == again(first) == 204
    past.works()
    assert again(first) == 204
    assert past.count("history_chats") == 12
    assert past.count("outbox_tasks where task = 'read_history' and body -> 'data' ->> 'step' = '0'") == 4


def test_a_list_that_fails_is_asked_for_again_and_given_up_at_last(past, world):
    past.archive.trouble = Trouble(share=1, kinds=("error_500",))
    past.archive.trouble.of = lambda name, attempt: "error_500" if name.startswith("chats") else None
    past.asks()
    past.works()
    assert past.status()["failure_code"] == "unreachable"
    assert len(tasks(world, "list_history")) == 4


def test_a_run_whose_steps_were_lost_is_set_going_again(past, world):
    past.asks()
    world.run("update outbox_tasks set published_at = now()")
    assert tick("sweep_history") == 204
    assert tasks(world, "revive_history") == []
    world.run("update history_runs set updated_at = now() - interval '11 minutes'")
    assert tick("sweep_history") == 204
    past.works()
    assert past.status()["status"] == "completed"
    assert past.ids() == past.remembered()
