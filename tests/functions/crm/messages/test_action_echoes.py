"""WAHA tells of what we do as it tells of what others do: that is the same thing, and no second one."""

import pytest

from infra.fakes.waha_acts import echo
from tests.functions.crm.messages.asking import ENGINES, answer, patch, post, shown, spoken_shop
from tests.support.calls import again
from tests.support.shop import SESSION

SECONDS = [-2, 0, 2]  # how far the provider's clock is ahead of ours


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with spoken_shop(request.param, world, api, tenant) as shop:
        yield shop


@pytest.fixture
def sent(shop):
    return answer(shop)


def echoed(shop, message_id, kind, value, seconds=0):
    """The event that WAHA tells of it."""
    full = shop.message(id=str(message_id))["provider_id"]
    session = shop.waha.state.sessions[SESSION]
    kept = shop.waha.state.shown(session, full)
    return echo(session, kind, kept, value, shop.world.now().timestamp() + seconds)


def tell(shop, event):
    assert shop.channel.deliver(event).status_code == 200


def do(shop):
    """Have WAHA do what was asked for last."""
    assert again(shop.world.tasks("perform_message_action")[-1]) == 204


def told(shop, name):
    return len(shop.world.events(name))


def ask(shop, message_id, kind, value):
    if kind == "reaction":
        return post(shop, message_id, "reactions", {"emoji": value})
    return patch(shop, message_id, text=value) if kind == "edit" else post(shop, message_id, "recall")


CASES = [
    ("reaction", "👍", "message.reaction_added"),
    ("edit", "Boa tarde!", "message.edited"),
    ("recall", None, "message.revoked"),
]


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize(("kind", "value", "event"), CASES)
@pytest.mark.parametrize("echo_comes", ["first", "last"])
def test_an_echo_is_what_it_is_the_echo_of(shop, sent, kind, value, event, echo_comes, seconds):
    ask(shop, sent, kind, value)
    its_echo = echoed(shop, sent, kind, value, seconds)
    steps = [lambda: tell(shop, its_echo), lambda: do(shop)]
    for step in steps if echo_comes == "first" else reversed(steps):
        step()
    tell(shop, its_echo)
    assert told(shop, event) == 1
    message = shown(shop, sent)
    if kind == "reaction":
        assert [each["value"] for each in message["reactions"]] == ["👍"]
    elif kind == "edit":
        assert (message["text"], [each["text"] for each in message["revisions"]]) == ("Boa tarde!", ["Bom dia!"])
    else:
        assert message["revoked_at"]


def test_an_emoji_that_is_taken_back_and_set_again_is_told_each_time(shop, sent):
    theirs = shop.message(direction="inbound")["id"]
    for value in ("👍", None, "👍"):
        ask(shop, theirs, "reaction", value)
        do(shop)
        tell(shop, echoed(shop, theirs, "reaction", value or ""))
        shop.world.advance(5)
    assert (told(shop, "message.reaction_added"), told(shop, "message.reaction_removed")) == (2, 1)
    assert [each["value"] for each in shown(shop, theirs)["reactions"]] == ["👍"]


def test_what_somebody_else_on_the_phone_says_is_news(shop, sent):
    ask(shop, sent, "reaction", "👍")
    do(shop)
    shop.world.advance(5)
    tell(shop, echoed(shop, sent, "reaction", "❤️"))
    assert told(shop, "message.reaction_added") == 2
    assert [each["value"] for each in shown(shop, sent)["reactions"]] == ["❤️"]
