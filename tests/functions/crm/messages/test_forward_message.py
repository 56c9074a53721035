import pytest

from infra.fakes.waha_events import Party
from infra.fakes.waha_state import Fault
from tests.functions.crm.messages.bodies import BODIES
from tests.support.borders import hidden_in
from tests.support.shop import SESSION, open_shop
from tests.support.waha import waha_channel

PATH = "/api/v1/crm/messages"
BIA = Party(phone="5511900000002", name="Bia")
ENGINES = ["WEBJS", "WPP", "NOWEB"]


@pytest.fixture(params=["NOWEB"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        shop.hears("Oi, da Bia", customer=BIA)
        shop.hears("Oi")
        yield shop


def said(shop, words):
    (found,) = shop.world.rows("select * from messages where direction = 'inbound' and text = :words", words=words)
    return found


def chat_with(shop, words):
    return said(shop, words)["chat_id"]


def forward(shop, message_id, **to):
    return shop.api.post(f"{PATH}/{message_id}/forward", to, as_=shop.tenant.agent)


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
@pytest.mark.parametrize("type", ["text", "image", "location", "contact", "poll"])
def test_a_message_is_passed_on_to_another_chat(shop, type):
    source = shop.api.post(PATH, {"chat_id": chat_with(shop, "Oi"), **BODIES[type]}, as_=shop.tenant.agent).json
    shop.world.drain()
    to = chat_with(shop, "Oi, da Bia")
    passed = forward(shop, source["id"], chat_id=to)
    assert (passed.status_code, passed.json["type"], passed.json["forwarded_from_id"]) == (201, type, source["id"])
    shop.settles()
    first, second = shop.waha.whatsapp
    assert (second.chat_id, second.type, second.text) == (BIA.phone_address, first.type, first.text)
    message = shop.message(id=passed.json["id"])
    assert (message["status"], message["external_id"], message["chat_id"]) == ("sent", second.id, to)
    (told,) = shop.world.events("message.forwarded")
    assert (told["data"]["message_id"], told["data"]["to_chat_id"]) == (source["id"], to)


def test_what_the_customer_wrote_is_passed_on_too(shop):
    source = said(shop, "Oi")
    forward(shop, source["id"], chat_id=chat_with(shop, "Oi, da Bia"))
    shop.world.drain()
    assert [(each.chat_id, each.text) for each in shop.waha.whatsapp] == [(BIA.phone_address, "Oi")]


def test_a_lost_answer_is_found_in_the_history_and_not_passed_on_again(shop):
    source = said(shop, "Oi")
    shop.waha.set_fault(SESSION, Fault(kind="drop", sent=True))
    passed = forward(shop, source["id"], chat_id=chat_with(shop, "Oi, da Bia")).json
    shop.settles()
    assert shop.message(id=passed["id"])["status"] == "sent"
    assert len(shop.waha.sent) == 1


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_an_engine_that_cannot_is_told_of_before_anything_is_queued(shop):
    refused = forward(shop, said(shop, "Oi")["id"], chat_id=chat_with(shop, "Oi, da Bia"))
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "engine_cannot")
    assert shop.world.events("message.queued") == []


def test_what_is_not_on_whatsapp_is_not_passed_on(shop):
    queued = shop.says("Bom dia!")
    refused = forward(shop, queued, chat_id=chat_with(shop, "Oi, da Bia"))
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_sent")
    shop.world.run("update messages set revoked_at = now() where text = 'Oi'")
    assert forward(shop, said(shop, "Oi")["id"], chat_id=chat_with(shop, "Oi")).status_code == 409


def test_it_stays_within_its_channel(shop, world, api, tenant):
    other = waha_channel(world, api, tenant, session_name="outra", engine="NOWEB")
    contact_id = world.value("select contact_id from chats where id = :id", id=chat_with(shop, "Oi"))
    refused = forward(shop, said(shop, "Oi")["id"], contact_id=contact_id, channel_id=str(other.id))
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "other_channel")


def test_whoever_passes_it_on_holds_the_session_there(shop):
    forward(shop, said(shop, "Oi")["id"], chat_id=chat_with(shop, "Oi, da Bia"))
    held = {row["chat_id"]: row["held_by"] for row in shop.world.rows("select chat_id, held_by from sessions")}
    assert held == {chat_with(shop, "Oi, da Bia"): "human", chat_with(shop, "Oi"): "bot"}


def test_what_belongs_to_another_tenant_looks_like_what_never_was(shop, api, tenant, theirs):
    source = said(shop, "Oi")["id"]
    assert hidden_in(api, tenant.agent, "POST", f"{PATH}/{source}/forward", {}, "chat_id", theirs.chat_id)
    assert forward(shop, theirs.message_id, chat_id=chat_with(shop, "Oi")).status_code == 404
