from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from infra.fakes.waha_events import make_event
from tests.support.borders import hidden, hidden_in
from tests.support.conversation import ANA, let_the_bot_reply
from tests.support.shop import open_shop

PATH = "/api/v1/crm/messages/{}"


def test_an_admin_deletes_a_message(api, tenant, world, spoken):
    path = PATH.format(spoken.message_id)
    assert api.delete(path, as_=tenant.admin).status_code == 204
    assert api.get(path, as_=tenant.admin).status_code == 404
    for of in ("chat_id", "contact_id", "session_id"):
        query = f"/api/v1/crm/messages?filter[{of}]={getattr(spoken, of)}"
        assert api.get(query, as_=tenant.admin).json["data"] == []
    assert api.get(f"/api/v1/crm/contacts/{spoken.contact_id}/messages", as_=tenant.admin).json["data"] == []
    assert api.get(f"/api/v1/crm/sessions/{spoken.session_id}/messages", as_=tenant.admin).json["data"] == []
    assert world.value("select count(*) from message_words") == 0
    (deleted,) = world.events("message.deleted")
    assert deleted["data"]["by"] == str(tenant.admin.user_id)
    assert deleted["data"]["message_id"] == str(spoken.message_id)


def test_it_is_deleted_once(api, tenant, world, spoken):
    with ThreadPoolExecutor(4) as threads:
        path = PATH.format(spoken.message_id)
        answers = sorted(threads.map(lambda _: api.delete(path, as_=tenant.admin).status_code, range(4)))
    assert answers == [204, 404, 404, 404]
    assert hidden(api, tenant.admin, "DELETE", PATH, spoken.message_id)
    assert len(world.events("message.deleted")) == 1


def test_the_same_delivery_does_not_bring_it_back(api, tenant, world, channel):
    event = make_event("GOWS", "text", body="Oi!", customer=ANA)
    channel.deliver(event)
    api.delete(PATH.format(world.value("select id from messages")), as_=tenant.admin)
    assert channel.deliver({**event, "id": "evt_01another"}).status_code == 200
    assert world.value("select count(*) from messages") == 1
    assert world.value("select deleted_at is not null from messages")


def test_what_waits_to_be_sent_never_is(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        shop.hears("Oi")
        message = shop.says("Bom dia!")
        assert api.delete(PATH.format(message), as_=tenant.admin).status_code == 204
        shop.settles()
        assert "Bom dia!" not in shop.sent
        assert shop.message(id=str(message))["status"] == "cancelled"
        (cancelled,) = world.events("message.cancelled")
        assert cancelled["data"]["reason"] == "deleted"


def test_a_bots_reply_is_withdrawn_with_its_outcome(api, tenant, world, spoken):
    reply = let_the_bot_reply(world)
    assert api.delete(PATH.format(reply["id"]), as_=tenant.admin).status_code == 204
    assert world.rows("select outcome, outcome_reason from message_groups") == [
        {"outcome": "taken_over", "outcome_reason": "a person deleted the reply"}
    ]


def test_what_is_being_sent_stays(api, tenant, world, answered):
    message = answered("sending")
    refused = api.delete(PATH.format(message), as_=tenant.admin)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "being_sent")
    assert world.events("message.deleted") == []


@pytest.mark.parametrize("status", ["sent", "read", "failed", "cancelled", "unknown"])
def test_what_was_sent_or_never_will_be_goes(api, tenant, answered, status):
    assert api.delete(PATH.format(answered(status)), as_=tenant.admin).status_code == 204


def test_the_bot_is_not_told_of_it(api, tenant, world, channel, spoken):
    channel.deliver(make_event("GOWS", "text", body="quero um orçamento", customer=ANA))
    api.delete(PATH.format(spoken.message_id), as_=tenant.admin)
    world.drain(until=timedelta(seconds=20), tolerate=True)
    assert world.value("select text from message_groups") == "quero um orçamento"


def test_a_burst_of_nothing_else_is_not_answered(api, tenant, world, spoken):
    api.delete(PATH.format(spoken.message_id), as_=tenant.admin)
    world.drain(until=timedelta(seconds=20), tolerate=True)
    assert world.value("select count(*) from messages") == 1
    assert world.rows("select status, outcome from message_groups") == [{"status": "failed", "outcome": "failed"}]


def test_nobody_can_answer_it(api, tenant, spoken):
    api.delete(PATH.format(spoken.message_id), as_=tenant.admin)
    reply = {"chat_id": str(spoken.chat_id), "text": "Oi!"}
    assert hidden_in(api, tenant.agent, "POST", "/api/v1/crm/messages", reply, "reply_to", spoken.message_id)


def test_what_was_seen_must_still_be_so(api, tenant, spoken):
    path = PATH.format(spoken.message_id)
    assert api.delete(path, as_=tenant.admin, headers={"If-Match": '"99"'}).status_code == 412
    assert api.get(path, as_=tenant.admin).status_code == 200


def test_another_tenants_message_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "DELETE", PATH, theirs.message_id)
    assert world.value("select deleted_at is null from messages")


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_who_may_not(api, tenant, spoken, role):
    path = PATH.format(spoken.message_id)
    assert api.delete(path, as_=getattr(tenant, role)).status_code == 403
    assert api.delete(path).status_code == 401
    assert api.get(path, as_=tenant.viewer).status_code == 200
