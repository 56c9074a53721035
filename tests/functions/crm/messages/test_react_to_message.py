import pytest

from tests.functions.crm.messages.asking import ENGINES, acts, answer, post, shown, spoken_shop


@pytest.fixture(params=["NOWEB"])
def shop(request, world, api, tenant):
    with spoken_shop(request.param, world, api, tenant) as shop:
        yield shop


@pytest.fixture
def sent(shop):
    return answer(shop)


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
def test_an_emoji_is_set_changed_and_taken_back(shop, sent):
    theirs = shop.message(direction="inbound")["id"]
    for emoji in ("👍", "❤️", None):
        assert post(shop, theirs, "reactions", {"emoji": emoji}).status_code == 202
        shop.world.drain()
        shown_now = [each["value"] for each in shown(shop, theirs)["reactions"]]
        assert shown_now == ([emoji] if emoji else [])
    assert acts(shop, "reaction") == [("reaction", "👍"), ("reaction", "❤️"), ("reaction", "")]
    assert [each["data"]["reactor_id"] for each in shop.world.events("message.reaction_added")] == [None, None]
    assert len(shop.world.events("message.reaction_removed")) == 1


@pytest.mark.parametrize("emoji", ["", "ok", "a👍", "👍 ", "👍" * 33, 7])
def test_an_emoji_is_an_emoji(shop, sent, emoji):
    assert post(shop, sent, "reactions", {"emoji": emoji}).status_code == 422


def test_what_is_not_on_whatsapp_gets_none(shop):
    refused = post(shop, shop.says("Bom dia!"), "reactions", {"emoji": "👍"})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_sent")


def test_what_was_taken_back_gets_none(shop, sent):
    post(shop, sent, "recall")
    shop.world.drain()
    refused = post(shop, sent, "reactions", {"emoji": "👍"})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "revoked")


def test_who_may_not(shop, sent):
    path = f"/api/v1/crm/messages/{sent}/reactions"
    assert shop.api.post(path, {"emoji": "👍"}, as_=shop.tenant.viewer).status_code == 403
    assert shop.api.post(path, {"emoji": "👍"}).status_code == 401
