"""An import that rests for more than a month: how far each chat was read is forgotten by then, and nothing is lost."""

import pytest

from tests.support.calls import again, tick

FORGET = "update history_chats set expires_at = now() - interval '1 day'"
AGE = """
update history_runs set started_at = started_at - interval '31 days', since = since - interval '31 days'
"""


def rests(past, world, **wanted):
    """Its chats are listed and none is read to its end; then a month goes by."""
    past.asks(**wanted)
    for _ in range(3):
        assert {again(row) for row in world.tasks("list_history")} <= {204}
    past.asks("import-history/pause", 200)
    past.works()
    world.run(AGE)


@pytest.mark.parametrize("forgotten", [FORGET, f"{FORGET} where address < (select max(address) from history_chats)"])
def test_all_is_read_when_it_goes_on(past, world, forgotten):
    rests(past, world)
    assert past.count("history_chats") == 12
    world.run(forgotten)
    assert tick("remove_expired_rows") == 204
    assert past.count("history_chats") < 12
    past.asks("import-history/resume", 200)
    past.works()
    assert (past.status()["status"], past.status()["chats"]) == ("completed", 12)
    assert past.ids() == past.remembered()


def test_the_chats_that_were_named_are_forgotten_and_it_says_so(past, world):
    rests(past, world, chats=[past.archive.chats[0].id])
    world.run(FORGET)
    assert tick("remove_expired_rows") == 204
    assert past.asks("import-history/resume", 409)["error"]["code"] == "import_forgotten"
    past.asks("import-history/cancel", 200)
    past.asks()


def test_what_goes_on_is_not_forgotten_meanwhile(past, world):
    rests(past, world)
    world.run(FORGET)
    past.asks("import-history/resume", 200)
    assert tick("remove_expired_rows") == 204
    assert past.count("history_chats") == 12
