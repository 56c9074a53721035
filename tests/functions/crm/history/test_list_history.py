"""The list of chats is read to its end, however often a step of it comes."""

import pytest

from infra.fakes import waha_history
from infra.fakes.waha_history import Trouble
from shared.providers.waha import history, pages
from shared.providers.waha.pages import CHATS_AT_ONCE
from tests.support.calls import again, tick


def tasks(world, name):
    return world.tasks(name)


@pytest.fixture
def short_pages(monkeypatch):
    """Pages of twenty chats, so that a list of several is not a long one."""
    for module in (history, pages):
        monkeypatch.setattr(module, "CHATS_AT_ONCE", 20)


def test_the_list_is_read_page_by_page(open_past, world, short_pages):
    past = open_past(chats=23, messages=23)
    assert past.fetches()["chats"] == 23
    assert len(tasks(world, "list_history")) == 4


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


@pytest.mark.parametrize("answer", [None, {}, {"error": "the store is not ready"}, "", 0])
def test_an_answer_that_is_no_list_is_not_the_end_of_it(past, world, monkeypatch, answer):
    monkeypatch.setattr(waha_history, "_told", lambda *_: (200, answer))
    past.asks()
    past.works()
    assert (past.status()["status"], past.status()["failure_code"]) == ("failed", "unreachable")
    assert world.value("select history_read_until from channels") is None
    monkeypatch.undo()
    past.asks("import-history/resume", 200)
    past.works()
    assert past.ids() == past.remembered()


@pytest.mark.parametrize("kind", ["twice", "again"])
def test_a_page_that_tells_more_than_was_asked_for_hides_no_chat(open_past, kind, short_pages):
    past = open_past(chats=45, messages=45)
    past.archive.trouble = Trouble(share=1, kinds=(kind,))
    assert past.fetches()["chats"] == 45


def test_a_page_of_the_list_may_be_empty_before_its_end(past, monkeypatch):
    shown = waha_history._chats
    hidden = [None] * CHATS_AT_ONCE
    monkeypatch.setattr(waha_history, "_chats", lambda *told: [*hidden, *shown(*told)])
    assert past.fetches()["chats"] == 12
    assert past.ids() == past.remembered()
