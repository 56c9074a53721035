"""What an import leaves behind is what the same messages leave behind when each is delivered as it happens."""

from datetime import timedelta
from random import Random

import pytest

from infra.fakes.waha_events import envelope, payload
from infra.fakes.waha_history import Trouble
from tests.campaigns.state import differences, state_of
from tests.functions.crm.history.conftest import ENGINES
from tests.support.calls import tick
from tests.support.waha import waha_channel


def events_of(past):
    """Every message as its webhook would have told it, oldest first."""
    kept = [each for chat in past.archive.chats for each in chat.messages]
    for each in sorted(kept, key=lambda each: each.said.timestamp):
        told = payload(past.shop.engine, each.said) | {"ack": each.ack, "media": None}
        yield envelope(past.shop.engine, "message.any", "s", told)


def settled(world, tenant):
    """Whatever the clock has to say is said, and then the state; without what is only of the way it came."""
    assert tick("sweep_sessions") == 204
    world.drain(until=timedelta(hours=1), tolerate=True)
    state = state_of(world, tenant)
    for row in state["people"]:
        row.pop("source")
    for row in state["messages"]:
        row.pop("grouped")
        if row["direction"] == "inbound":
            row.pop("read_at")
    for row in state["chats"]:
        row.pop("subject")  # only the list of chats tells what a group is called
    state.pop("channels")
    return state


@pytest.fixture(params=ENGINES)
def any_past(request, open_past):
    """Half of the usual past: each of its messages is delivered, one by one."""
    return open_past(request.param, messages=150)


@pytest.fixture
def live(any_past, world, api, new_tenant):
    """Another tenant, to whom all was delivered."""
    other = new_tenant("Ao vivo")
    channel = waha_channel(world, api, other, engine=any_past.shop.engine, bot=False)
    for event in events_of(any_past):
        assert channel.deliver(event).status_code == 200
    return other


def test_an_import_ends_as_the_deliveries_do(any_past, live, world):
    past = any_past
    world.run("update channels set default_agent_id = null")
    past.fetches()
    assert differences(settled(world, past.shop.tenant), settled(world, live)) == {}


def test_also_when_some_of_it_was_delivered_and_the_server_is_in_trouble(any_past, live, world):
    past, chance = any_past, Random(1)
    world.run("update channels set default_agent_id = null")
    past.archive.trouble = Trouble(share=0.4, seconds=0.01)
    for event in events_of(past):
        if chance.random() < 0.5:
            assert past.shop.channel.deliver(event).status_code == 200
    past.fetches()
    assert differences(settled(world, past.shop.tenant), settled(world, live)) == {}
