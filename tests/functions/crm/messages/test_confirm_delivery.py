from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from infra.fakes.waha_events import make_ack
from tests.support.borders import hidden
from tests.support.conversation import ANA

PATH = "/api/v1/crm/messages/{}/confirm-delivery"


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_a_message_has_arrived(api, tenant, world, answered, role):
    message = answered("sent")
    answer = api.post(PATH.format(message), {}, as_=getattr(tenant, role))
    assert (answer.status_code, answer.json["status"]) == (200, "delivered")
    assert answer.json["delivered_at"]
    (delivered,) = world.events("message.delivered")
    assert delivered["data"]["message_id"] == message
    assert api.get(f"/api/v1/crm/messages/{message}", as_=tenant.viewer).json == answer.json


@pytest.mark.parametrize("status", ["delivered", "read", "played"])
def test_it_may_have_come_further(api, tenant, world, answered, status):
    message = answered("sent")
    at = (world.now() + timedelta(seconds=1)).isoformat()
    world.advance(10)
    answer = api.post(PATH.format(message), {"status": status, "at": at}, as_=tenant.agent).json
    assert answer["status"] == status
    assert world.value(f"select {status}_at = :at from messages where id = :id", at=at, id=message)
    (event,) = world.events(f"message.{status}")
    assert event["data"]["at"]


def test_it_never_goes_back(api, tenant, world, answered):
    message = answered("sent")
    for status in ("read", "delivered", "read", "read"):
        assert api.post(PATH.format(message), {"status": status}, as_=tenant.agent).json["status"] == "read"
    assert len(world.events("message.read")) == 1
    assert world.events("message.delivered") == []


def test_many_at_once_are_one(api, tenant, world, answered):
    message = answered("sent")
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: api.post(PATH.format(message), {}, as_=tenant.agent).json, range(6)))
    assert {answer["status"] for answer in answers} == {"delivered"}
    assert len(world.events("message.delivered")) == 1


def test_a_receipt_that_comes_later_goes_on_from_there(api, tenant, world, channel, answered):
    message = answered("sent", external_id="3EB0CAFE")
    api.post(PATH.format(message), {"status": "delivered"}, as_=tenant.agent)
    ack = make_ack("GOWS", 3, message_id="3EB0CAFE", customer=ANA)
    assert channel.deliver(ack).status_code == 200
    assert world.value("select status from messages where id = :id", id=message) == "read"


def test_whose_outcome_nobody_knew_was_sent(api, tenant, world, answered):
    message = answered("unknown")
    assert api.post(PATH.format(message), {}, as_=tenant.agent).json["status"] == "delivered"
    assert world.value("select unknown_since is null from messages where id = :id", id=message)


def test_what_whatsapp_gave_up_may_have_arrived_after_all(api, tenant, answered):
    message = answered("failed", failure="provider_error")
    answer = api.post(PATH.format(message), {}, as_=tenant.agent).json
    assert (answer["status"], answer["failure_code"]) == ("delivered", None)


@pytest.mark.parametrize("status", ["queued", "sending", "cancelled", "failed"])
def test_what_was_never_sent_has_not_arrived(api, tenant, world, answered, status):
    message = answered(status, failure="rate_limited" if status == "failed" else None)
    refused = api.post(PATH.format(message), {}, as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_sent")
    assert world.events("message.delivered") == []


def test_what_a_customer_wrote_is_not_ours_to_confirm(api, tenant, spoken):
    refused = api.post(PATH.format(spoken.message_id), {}, as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_ours")


@pytest.mark.parametrize(("at", "code"), [(timedelta(hours=1), 422), (timedelta(hours=-1), 422), (timedelta(0), 200)])
def test_it_arrives_between_its_sending_and_now(api, tenant, world, answered, at, code):
    message = answered("sent")
    body = {"at": (world.now() + at).isoformat()}
    assert api.post(PATH.format(message), body, as_=tenant.agent).status_code == code


@pytest.mark.parametrize(
    "body",
    [
        {"status": "sent"},
        {"status": "failed"},
        {"status": 2},
        {"at": "yesterday"},
        {"at": "2026-03-01T12:00:00"},
        {"x": 1},
    ],
)
def test_what_does_not_fit_is_refused(api, tenant, answered, body):
    assert api.post(PATH.format(answered("sent")), body, as_=tenant.agent).status_code == 422


def test_a_deleted_one_is_not_there(api, tenant, answered):
    message = answered("sent")
    api.delete(f"/api/v1/crm/messages/{message}", as_=tenant.admin)
    assert hidden(api, tenant.agent, "POST", PATH, message, json={})


def test_another_tenants_message_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.message_id, json={})


def test_who_may_not(api, tenant, answered):
    message = answered("sent")
    assert api.post(PATH.format(message), {}, as_=tenant.viewer).status_code == 403
    assert api.post(PATH.format(message), {}).status_code == 401
