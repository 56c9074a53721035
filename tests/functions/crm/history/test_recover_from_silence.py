"""A channel that has fallen silent is asked for what it did not tell of."""

from datetime import timedelta

import pytest

from shared.crm.channels.store import Channels
from shared.runtime.work import unit_of_work
from tests.functions.crm.history.test_follow_connection import remembers, runs


def falls_silent(past, world):
    with unit_of_work(past.shop.tenant.tenant_id) as uow:
        channel = Channels(uow).get(past.shop.channel.id)
        channel.fell_silent(since=uow.now - timedelta(hours=2))
        uow.commit()
    world.drain()


@pytest.mark.parametrize("times", [1, 2])
def test_what_it_did_not_tell_is_fetched_once(open_past, world, times):
    past = open_past(chats=1, messages=1)
    remembers(past, "alô?", 1200)
    for _ in range(times):
        falls_silent(past, world)
    assert [row["text"] for row in past.messages()] == ["alô?"]
    assert runs(world)[-1] == {"kind": "reconciliation", "cause": "silence", "status": "completed"}


def test_one_that_is_inactive_is_not_asked(open_past, world):
    past = open_past(chats=1, messages=1)
    world.run("update channels set status = 'inactive'")
    falls_silent(past, world)
    assert runs(world) == []
