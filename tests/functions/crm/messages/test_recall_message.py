import pytest

from tests.functions.crm.messages.asking import ENGINES, acts, answer, patch, post, shown, spoken_shop
from tests.support.borders import hidden


@pytest.fixture(params=["NOWEB"])
def shop(request, world, api, tenant):
    with spoken_shop(request.param, world, api, tenant) as shop:
        yield shop


@pytest.fixture
def sent(shop):
    return answer(shop)


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
def test_a_message_is_taken_back_for_everybody(shop, sent):
    told = post(shop, sent, "recall")
    assert (told.status_code, told.json["revoked_at"]) == (202, None)
    shop.world.drain()
    message = shown(shop, sent)
    assert message["revoked_at"]
    assert (message["text"], message["pending"]) == ("Bom dia!", [])
    assert acts(shop) == [("recall", None)]
    (recalled,) = shop.world.events("message.recalled")
    assert recalled["data"]["by"] == str(shop.tenant.agent.user_id)
    again_ = post(shop, sent, "recall")
    assert (again_.status_code, again_.json["error"]["code"]) == (409, "revoked")


def test_asked_twice_it_is_taken_back_once(shop, sent):
    assert [post(shop, sent, "recall").status_code for _ in range(2)] == [202, 202]
    shop.world.drain()
    assert acts(shop) == [("recall", None)]
    assert len(shop.world.events("message.recalled")) == 1


def test_what_the_customer_wrote_is_neither_changed_nor_taken_back(shop):
    theirs = shop.message(direction="inbound")["id"]
    assert patch(shop, theirs, text="x").json["error"]["code"] == "not_ours"
    assert post(shop, theirs, "recall").json["error"]["code"] == "not_ours"


def test_what_is_not_on_whatsapp_is_not_taken_back(shop):
    refused = post(shop, shop.says("Bom dia!"), "recall")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_sent")


def test_what_is_too_old_is_told_so(shop, sent):
    shop.world.advance(60 * 3600 + 5)
    assert post(shop, sent, "recall").json["error"]["code"] == "too_late"


def test_who_may_not(shop, sent, theirs):
    path = "/api/v1/crm/messages/{}/recall"
    assert shop.api.post(path.format(sent), as_=shop.tenant.viewer).status_code == 403
    assert shop.api.post(path.format(sent)).status_code == 401
    assert hidden(shop.api, shop.tenant.admin, "POST", path, theirs.message_id)
