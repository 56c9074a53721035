from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_state import Fault
from tests.support.borders import hidden
from tests.support.shop import SESSION, open_shop

PATH = "/api/v1/crm/messages/{}/retry"


@pytest.mark.parametrize("engine", ["GOWS", "WEBJS"])
def test_what_was_refused_is_sent_once_more(world, api, tenant, engine):
    with open_shop(world, api, tenant, engine=engine) as shop:
        shop.hears("Oi")
        shop.settles()
        shop.waha.set_fault(SESSION, Fault(kind="error_463"))
        message = shop.says("Bom dia!")
        shop.settles()
        assert (shop.message(id=str(message))["status"], shop.sent[1:]) == ("failed", [])
        answer = api.post(PATH.format(message), as_=tenant.agent)
        assert (answer.status_code, answer.json["status"], answer.json["retries"]) == (200, "queued", 1)
        assert (answer.json["failure_code"], answer.json["failure_reason"]) == (None, None)
        shop.settles()
        assert (shop.message(id=str(message))["status"], shop.sent[1:]) == ("sent", ["Bom dia!"])


def test_a_server_that_stays_away_fails_it_again_after_its_own_ten_minutes(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        shop.hears("Oi")
        shop.settles()
        world.run("update channels set base_url = 'http://127.0.0.1:1'")
        message = shop.says("Bom dia!")
        world.advance(700)
        world.drain(tolerate=True)
        assert shop.message(id=str(message))["failure_code"] == "unreachable"
        assert api.post(PATH.format(message), as_=tenant.agent).status_code == 200
        world.drain(tolerate=True)
        assert shop.message(id=str(message))["status"] == "queued"


def test_it_becomes_the_last_of_its_chat(api, tenant, world, spoken, answered):
    message = answered("failed", failure="unreachable")
    later = answered("sent")
    world.advance(60)
    assert api.post(PATH.format(message), as_=tenant.agent).status_code == 200
    listed = api.get(f"/api/v1/crm/messages?filter[chat_id]={spoken.chat_id}", as_=tenant.viewer).json["data"]
    assert [each["id"] for each in listed] == [message, later, str(spoken.message_id)]
    chat = api.get(f"/api/v1/crm/chats/{spoken.chat_id}", as_=tenant.viewer).json
    assert chat["last_message_at"] == listed[0]["sent_at"]
    found = api.post("/api/v1/crm/messages/search", {"query": "bom dia"}, as_=tenant.viewer).json["data"]
    assert [each["id"] for each in found] == [message, later]


def test_each_retry_is_told_of(api, tenant, world, answered):
    message = answered("failed", failure="unreachable")
    for attempt in (1, 2):
        assert api.post(PATH.format(message), as_=tenant.agent).json["retries"] == attempt
        world.run("update messages set status = 'failed', version = version + 1 where id = :id", id=message)
    assert [event["data"]["attempt"] for event in world.events("message.retried")] == [1, 2]
    assert len(world.events("message.queued")) == 3


def test_many_at_once_are_one(api, tenant, world, answered):
    message = answered("failed", failure="unreachable")
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: api.post(PATH.format(message), as_=tenant.agent).status_code, range(5)))
    assert sorted(answers) == [200, 409, 409, 409, 409]
    assert len(world.events("message.retried")) == 1


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "cancelled", "unknown"])
def test_what_did_not_fail_is_not_sent_again(api, tenant, world, answered, status):
    message = answered(status)
    refused = api.post(PATH.format(message), as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_failed")
    assert world.events("message.retried") == []


def test_what_may_still_arrive_is_not_sent_again(api, tenant, answered):
    refused = api.post(PATH.format(answered("failed", failure="provider_error")), as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "may_arrive")


def test_what_a_customer_wrote_cannot_be_sent(api, tenant, spoken):
    assert api.post(PATH.format(spoken.message_id), as_=tenant.agent).status_code == 409


def test_a_channel_at_rest_sends_nothing(api, tenant, world, channel, answered):
    message = answered("failed", failure="unreachable")
    api.patch(f"/api/v1/crm/channels/{channel.id}", {"status": "inactive"}, as_=tenant.admin)
    refused = api.post(PATH.format(message), as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "channel_inactive")
    assert world.value("select status from messages where id = :id", id=message) == "failed"


def test_a_deleted_one_is_not_there(api, tenant, answered):
    message = answered("failed", failure="unreachable")
    api.delete(f"/api/v1/crm/messages/{message}", as_=tenant.admin)
    assert hidden(api, tenant.agent, "POST", PATH, message)


def test_another_tenants_message_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.message_id)


def test_who_may_not(api, tenant, answered):
    message = answered("failed", failure="unreachable")
    assert api.post(PATH.format(message), as_=tenant.viewer).status_code == 403
    assert api.post(PATH.format(message)).status_code == 401
