import pytest

from infra.fakes.waha_signs import make_archive
from tests.functions.crm.chats.asking import ENGINES, acts, ask, chat_shop, deliver, now, shown, told
from tests.support.shop import ANA


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with chat_shop(request.param, world, api, tenant) as shop:
        yield shop


def put(shop, what="archive", role="agent"):
    return ask(shop, "POST", f"/{what}", role=role)


def test_it_is_taken_out_again(shop):
    put(shop)
    shop.world.drain()
    assert put(shop, "unarchive").json["status"] == "active"
    shop.world.drain()
    assert [each[0] for each in acts(shop)] == ["archive", "unarchive"] * (shop.engine != "GOWS")
    assert (told(shop, "chat.archived"), told(shop, "chat.unarchived")) == (1, 1)


@pytest.mark.parametrize("shop", ["WEBJS"], indirect=True)
def test_a_provider_whose_clock_is_ahead_does_not_keep_it_from_being_put_away(shop):
    deliver(shop, make_archive(ANA.phone_address, archived=True, at=now(shop) + 3600))
    assert put(shop, "unarchive").json["status"] == "active"


@pytest.mark.parametrize("shop", ["WEBJS"], indirect=True)
@pytest.mark.parametrize("echo_comes", ["first", "last"])
def test_its_echo_is_the_same_thing(shop, echo_comes):
    put(shop)
    shop.world.drain()
    shop.world.advance(5)
    put(shop, "unarchive")
    echo = make_archive(ANA.phone_address, archived=False, at=now(shop))
    steps = [lambda: deliver(shop, echo), shop.world.drain]
    for step in steps if echo_comes == "first" else reversed(steps):
        step()
    assert (shown(shop)["status"], told(shop, "chat.unarchived")) == ("active", 1)
