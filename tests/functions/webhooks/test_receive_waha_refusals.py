import json

import pytest

from infra.fakes.waha_events import make_event
from shared.providers.waha.signature import sign
from tests.functions.webhooks.conftest import ANA
from tests.support.waha import HMAC_KEY

NEW_KEY = "another key, as long as is asked"
ROW = "select event, status, problem, octet_length(body) as size from inbound_deliveries"


def an_event(desk, **said):
    return make_event(desk.engine, "text", body="Oi", customer=ANA, **said)


@pytest.mark.parametrize("body", [b"", b"not json", b"{", b"{}{}", b"\xff\xfe\x00", b"event=message"])
def test_what_is_no_json_is_refused(desk, body):
    answer = desk.channel.deliver(body)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_payload")
    assert desk.count("inbound_deliveries") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"null",
        b'"message"',
        b'{"event": 7}',
        b'{"event": "message"}',
        b'{"event": "message", "payload": {"id": 5}}',
        b'{"event": "message", "payload": {"id": "3EB0A"}}',
        b'{"event": "session.status", "payload": {}}',
        b'{"event": "message.ack", "payload": {"id": "true_5511987654321@c.us_3EB0A", "ack": "x"}}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"event":"message","payload":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda body: body[:60].decode(),
)
def test_a_signed_delivery_that_cannot_be_read_is_kept(desk, body):
    for _ in range(2):
        answer = desk.channel.deliver(body)
        assert (answer.status_code, answer.json) == (200, {"status": "received"})
    (row,) = desk.world.rows(ROW)
    assert (row["status"], row["size"]) == ("failed", len(body))
    assert row["problem"]
    assert desk.deliveries() == [("failed", 2)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_may_come_in_any_of_its_encodings(desk, encoding):
    body = json.dumps(an_event(desk)).encode(encoding)
    assert desk.channel.deliver(body).status_code == 200
    assert desk.world.value("select text from messages") == "Oi"


def test_numbers_no_database_knows_do_no_harm(desk):
    event = json.dumps(an_event(desk)).replace(
        '"timestamp": ', '"odd": [NaN, 1e999, ' + "9" * 5000 + '], "timestamp": '
    )
    assert desk.channel.deliver(event.encode()).status_code == 200
    assert desk.count("messages") == 1


def test_a_message_of_ten_megabytes_is_kept_whole(desk):
    event = an_event(desk)
    event["payload"]["body"] = "á" * 1_700_000  # six bytes each in the JSON that is sent
    assert 10_000_000 < len(json.dumps(event)) < 10 * 1024 * 1024
    assert desk.channel.deliver(event).status_code == 200
    assert desk.world.value("select length(text) from messages") == 1_700_000


def test_more_than_ten_megabytes_is_too_much(desk):
    assert desk.channel.deliver(b" " * (10 * 1024 * 1024 + 1)).status_code == 413
    assert desk.count("inbound_deliveries") == 0


def test_the_key_may_be_changed_and_the_old_one_ends_at_once(desk, api, tenant):
    assert desk.channel.deliver(an_event(desk)).status_code == 200
    changed = api.patch(f"/api/v1/crm/channels/{desk.channel.id}", {"hmac_key": NEW_KEY}, as_=tenant.admin)
    assert changed.status_code == 200, changed.text
    assert desk.channel.deliver(an_event(desk)).status_code == 401
    assert desk.channel.deliver(an_event(desk), key=NEW_KEY).status_code == 200
    assert desk.channel.deliver(an_event(desk)).status_code == 401
    assert desk.count("messages") == 2


def test_the_old_key_ends_for_what_is_no_message_too(desk, api, tenant):
    desk.takes(an_event(desk))
    api.patch(f"/api/v1/crm/channels/{desk.channel.id}", {"hmac_key": NEW_KEY}, as_=tenant.admin)
    event = {**an_event(desk), "event": "something.new"}
    assert desk.channel.deliver(event).status_code == 401
    assert desk.channel.deliver(event, key=NEW_KEY).status_code == 200
    assert [row["event"] for row in desk.world.rows(ROW)] == ["message.any", "something.new"]


def test_the_address_may_be_changed_and_the_old_one_ends_at_once(desk, api, tenant):
    desk.takes(an_event(desk))
    changed = api.patch(f"/api/v1/crm/channels/{desk.channel.id}", {"rotate_token": True}, as_=tenant.admin)
    assert desk.channel.deliver(an_event(desk)).status_code == 404
    body = json.dumps(an_event(desk)).encode()
    path = changed.json["webhook_url"].partition("/api/")[2]
    answer = api.post(f"/api/{path}", data=body, headers={"X-Webhook-Hmac": sign(body, HMAC_KEY)})
    assert answer.status_code == 200
    assert desk.count("messages") == 2


@pytest.mark.parametrize("token", ["x", f"{'0' * 32}.{'a' * 43}", "", f"{'g' * 32}.{'a' * 43}", "a" * 5000])
def test_an_address_nobody_has_is_not_found(desk, api, token):
    body = json.dumps(an_event(desk)).encode()
    answer = api.post(
        f"/api/v1/webhooks/inbound/waha/{token}", data=body, headers={"X-Webhook-Hmac": sign(body, HMAC_KEY)}
    )
    assert answer.status_code == 404
    assert desk.count("inbound_deliveries") == 0
