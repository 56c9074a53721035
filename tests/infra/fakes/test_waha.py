"""The fake WAHA: what it refuses, what it remembers, what it tells the webhook."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.fakes.waha import FakeWaha
from infra.fakes.waha_events import make_event
from infra.fakes.waha_state import Fault
from infra.fakes.webhooks import Webhook
from shared.kernel.inbound import InboundMessage, Receipt
from shared.providers.waha.envelope import read_delivery
from shared.providers.waha.signature import verify
from tests.infra.fakes.receiver import Receiver

CHAT = "5511912345678@c.us"
ROOT = Path(__file__).parents[3]
GROUP = "120363000000000001@g.us"
KEY = {"X-Api-Key": "key"}
ENGINES = ["WEBJS", "NOWEB", "GOWS"]


@contextmanager
def connected(engine: str, *answers: int, **more: Any) -> Iterator[tuple[FakeWaha, Receiver, httpx.Client]]:
    """Run a fake with one session of an engine, a receiver of its webhook, and a client of its API."""
    with Receiver(*answers) as receiver, FakeWaha() as fake, httpx.Client(base_url=fake.url, headers=KEY) as http:
        fake.add_session("s", engine, webhook=Webhook(url=receiver.url, hmac_key="secret", scale=0.001), **more)
        yield fake, receiver, http


def send(http: httpx.Client, text: str = "oi", **more: Any) -> httpx.Response:
    return http.post("/api/sendText", json={"session": "s", "chatId": CHAT, "text": text, **more})


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "/api/sendText", {"json": {"session": "s", "chatId": CHAT}}),
        ("POST", "/api/sendText", {"json": {"session": "s", "chatId": CHAT, "text": 7}}),
        ("POST", "/api/sendText", {"json": {"session": "s", "chatId": CHAT, "text": "x", "replyTo": "x"}}),
        ("POST", "/api/sendText", {"json": []}),
        ("POST", "/api/sendText", {}),
        ("GET", f"/api/s/chats/{CHAT}/messages", {}),
        ("GET", f"/api/s/chats/{CHAT}/messages", {"params": {"limit": "ten"}}),
        ("GET", f"/api/s/chats/{CHAT}/messages", {"params": {"limit": 1, "downloadMedia": "no"}}),
        ("GET", f"/api/s/chats/{CHAT}/messages", {"params": {"limit": 1, "sortOrder": "up"}}),
        ("GET", f"/api/s/chats/{CHAT}/messages", {"params": {"limit": 1, "since": 3}}),
    ],
)
def test_what_the_contract_does_not_allow_is_refused_and_kept(method, path, options):
    with connected("GOWS") as (fake, _, http):
        assert http.request(method, path, **options).status_code == 422
        assert [each["status"] for each in fake.refused] == [422]
        assert fake.sent == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/nothing", 404), ("/api/sessions/other", 404), ("/api/s/labels", 501), ("/_fake/no", 404)],
)
def test_what_it_does_not_have_it_says_so(path, status):
    with connected("GOWS") as (_, _, http):
        assert http.get(path).status_code == status


def test_a_wrong_key_is_refused():
    with connected("GOWS") as (fake, _, http):
        assert http.get("/api/sessions/s", headers={"X-Api-Key": "x"}).json()["message"] == "Unauthorized"
        assert fake.refused[0]["status"] == 401


@pytest.mark.parametrize("engine", ENGINES)
def test_a_send_is_echoed_and_acknowledged(engine):
    with connected(engine, auto_acks=(1, 2, 3)) as (fake, receiver, http):
        assert send(http).status_code == 201
        assert fake.webhooks.wait(5, lambda: len(receiver.got) == 4)
        contents = [read_delivery(body).content for _, body in receiver.got]
    echoes = [each for each in contents if isinstance(each, InboundMessage)]
    receipts = [each for each in contents if isinstance(each, Receipt)]
    assert [(each.text, each.from_me, each.sent_by_api, each.chat_address) for each in echoes] == [
        ("oi", True, True, CHAT)
    ]
    assert {each.level for each in receipts} == {1, 2, 3}
    assert {each.external_ids for each in receipts} == {(echoes[0].external_id,)}
    assert {each.chat_address for each in receipts} == {CHAT}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_group_receipt_names_its_reader(engine):
    with connected(engine) as (fake, receiver, http):
        send(http, chatId=GROUP)
        told = {"phone": "5511912345678"}
        answer = http.post("/_fake/sessions/s/acks", json={"id": fake.sent[0].id, "levels": [3], "reader": told})
        assert answer.status_code == 202
        assert fake.webhooks.wait(5, lambda: len(receiver.got) == 2)
        found = [read_delivery(body).content for _, body in receiver.got]
    receipt = next(each for each in found if isinstance(each, Receipt))
    assert (receipt.from_me, receipt.chat_address) == (True, GROUP)
    assert receipt.participant is not None
    assert receipt.participant.identities[0].value == "+5511912345678"


def test_the_same_id_twice_is_one_whatsapp_message():
    with connected("NOWEB") as (fake, receiver, http):
        answers = [send(http, id="3EB0AA").json()["key"]["id"] for _ in range(2)]
        assert fake.webhooks.wait(5)
        assert answers == ["3EB0AA", "3EB0AA"]
        assert (len(fake.sent), len(fake.whatsapp), len(receiver.got)) == (2, 1, 1)


def test_the_echo_can_come_before_the_answer_or_not_at_all():
    with connected("WEBJS") as (fake, receiver, http):
        http.put("/_fake/sessions/s/fault", json={"kind": "echo_first"})
        answer = send(http)
        assert len(receiver.got) == 1
        assert receiver.events()[0]["payload"]["id"] == answer.json()["id"]["_serialized"]
        fake.set_fault("s", Fault(kind="no_echo"))
        send(http)
        assert fake.webhooks.wait(5)
        assert (len(receiver.got), len(fake.sent)) == (1, 2)


def test_a_fault_passes_after_its_times():
    with connected("GOWS") as (_, _, http):
        http.put("/_fake/sessions/s/fault", json={"kind": "error_429", "times": 2})
        assert [send(http).status_code for _ in range(3)] == [429, 429, 201]
        http.put("/_fake/sessions/s/fault", json={"kind": "error_429", "times": 99})
        assert http.delete("/_fake/sessions/s/fault").status_code == 202
        assert send(http).status_code == 201
        assert http.put("/_fake/sessions/s/fault", json={"kind": "gremlin"}).status_code == 400


def test_a_webhook_is_signed_and_retried_with_the_same_name():
    event = make_event("GOWS", "text", body="olá", session="s")
    with connected("GOWS", 500, 401, 404) as (fake, receiver, http):
        assert http.post("/_fake/sessions/s/deliver", json=event).status_code == 202
        assert fake.webhooks.wait(5)
        delivery = http.get("/_fake/deliveries").json()[0]
        headers, bodies = [head for head, _ in receiver.got], {body for _, body in receiver.got}
    assert (delivery["answers"], delivery["event_id"]) == ([500, 401, 404, 200], event["id"])
    assert len({head["x-webhook-request-id"] for head in headers}) == 1
    assert {head["x-webhook-timestamp"] for head in headers} == {str(event["timestamp"])}
    signature, algorithm = headers[0]["x-webhook-hmac"], headers[0]["x-webhook-hmac-algorithm"]
    assert [verify(body, signature, "secret", algorithm) for body in bodies] == [True]
    assert json.loads(bodies.pop()) == event


def test_a_webhook_is_given_up_after_its_attempts():
    with connected("GOWS", *[500] * 99) as (fake, receiver, _):
        fake.deliver("s", b"not json")
        assert fake.webhooks.wait(5)
        assert len(receiver.got) == 15
        assert not fake.webhooks.deliveries[0].arrived


def test_a_webhook_gets_only_the_events_it_asked_for():
    with connected("GOWS") as (fake, receiver, http):
        fake.add_session("s", "GOWS", webhook=Webhook(url=receiver.url, events=("message.ack",)), auto_acks=(2,))
        send(http)
        assert fake.webhooks.wait(5)
        assert [each["event"] for each in receiver.events()] == ["message.ack"]


def start(data: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.fakes.waha", "--data", str(data)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["fake_waha_url"]


def end(process: subprocess.Popen[str], by: signal.Signals) -> int:
    process.send_signal(by)
    code = process.wait(10)
    assert process.stdout is not None
    process.stdout.close()
    return code


def test_what_was_sent_outlives_the_process(tmp_path):
    process, url = start(tmp_path)
    told = {"name": "s", "engine": "GOWS", "api_key": "key", "auto_acks": [1], "me": {"phone": "5511999990000"}}
    assert httpx.post(f"{url}/_fake/sessions", json=told).status_code == 201
    body = {"session": "s", "chatId": CHAT, "text": "oi", "id": "3EB0AA"}
    assert httpx.post(f"{url}/api/sendText", json=body, headers=KEY).status_code == 201
    assert httpx.post(f"{url}/api/sendText", json={}, headers=KEY).status_code == 422
    end(process, signal.SIGKILL)
    with (tmp_path / "waha.jsonl").open("a") as journal:
        journal.write('{"kind": "sent", "sess')
    process, url = start(tmp_path)
    try:
        assert [each["id"] for each in httpx.get(f"{url}/_fake/sent").json()] == ["3EB0AA"]
        assert len(httpx.get(f"{url}/_fake/refused").json()) == 1
        assert [each["name"] for each in httpx.get(f"{url}/_fake/sessions").json()] == ["s"]
        path = f"{url}/api/s/chats/{CHAT.replace('@', '%40')}/messages"
        found = httpx.get(path, params={"limit": 10, "filter.fromMe": "true"}, headers=KEY).json()
        assert [each["body"] for each in found] == ["oi"]
    finally:
        assert end(process, signal.SIGTERM) == os.EX_OK
