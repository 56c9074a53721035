import pytest

from tests.functions.crm.messages.asking import spoken_shop
from tests.functions.crm.messages.planned import cancel, planned

PATH = "/api/v1/crm/messages/scheduled"


@pytest.fixture
def shop(world, api, tenant):
    with spoken_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def texts(shop, query=""):
    shown = shop.api.get(f"{PATH}{query}", as_=shop.tenant.viewer).json
    return [each["draft"]["text"] for each in shown["data"]]


def test_the_next_to_go_comes_first(shop):
    for text, hours in (("dois", 2), ("três", 3), ("um", 1)):
        planned(shop, text, hours)
    assert texts(shop) == ["um", "dois", "três"]
    assert texts(shop, "?limit=1&sort=send_at:desc") == ["três"]


def test_what_does_not_wait_any_more_can_be_left_out(shop):
    cancel(shop, planned(shop, "um"))
    planned(shop, "dois")
    assert texts(shop, "?filter[status]=scheduled") == ["dois"]
    assert texts(shop, "?filter[status]=cancelled") == ["um"]


def test_a_chat_shows_only_what_was_said(shop):
    planned(shop)
    chat_id = shop.world.value("select id from chats")
    shown = shop.api.get(f"/api/v1/crm/messages?filter[chat_id]={chat_id}", as_=shop.tenant.viewer).json
    assert [each["direction"] for each in shown["data"]] == ["inbound"]


def test_another_tenant_sees_none_of_it(shop, api, other_tenant):
    planned(shop)
    assert api.get(PATH, as_=other_tenant.admin).json["data"] == []


def test_a_stranger_sees_nothing(shop):
    assert shop.api.get(PATH).status_code == 401
