"""The smoke test against the local cloud: it holds there, and every fault that it is there for makes it fail."""

import argparse
import json
import os
import signal
from contextlib import contextmanager

import httpx
import pytest

from infra.local.cloud import LocalCloud
from infra.local.postgres import Cluster
from infra.smoke import run as command
from infra.smoke.checks import CHECKS, reply
from infra.smoke.run import tried
from infra.smoke.visit import EMAIL, Broken, Visit, odd_bytes

PASSWORD = "a password of the smoke test"
PATIENCE = 30.0
WEBHOOK = "a channel's webhook leads here"
ODD = "a signed delivery with odd bytes is kept word by word, and once"
NO_TEXT = "bytes that are no text arrive as they were sent"
OTHERS = "a delivery with another's signature is refused"
COUNTED = "sign-ins are counted by where they come from, not by where they say"
BEHIND = ["it is on the timeline", "the bot has answered"]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    data = tmp_path_factory.mktemp("smoke") / "cloud"
    data.mkdir()
    port = LocalCloud(data, 0).port
    # The bot sends its reply there too, as nobody else can be reached.
    with LocalCloud(data, port, allowed_hosts=(f"127.0.0.1:{port}",), fake_waha=False) as running:
        yield running
    Cluster(data / "postgres").destroy()


@pytest.fixture(scope="module")
def signed_in(cloud):
    """What signing in is answered with; few may do so in a minute, so what was counted before is forgotten."""
    store = {"url": cloud.env["UPSTASH_URL"], "headers": {"Authorization": f"Bearer {cloud.env['UPSTASH_TOKEN']}"}}
    assert httpx.post(**store, json=["FLUSHALL"], trust_env=False).status_code == 200
    with httpx.Client(base_url=cloud.base_url, trust_env=False) as api:
        Visit(api, PASSWORD, "", 1).sign_in()
    login = {"email": EMAIL, "password": PASSWORD}
    answer = httpx.post(f"{cloud.base_url}/api/v1/auth/login", json=login, trust_env=False)
    assert answer.status_code == 200
    return answer.content


class Spoiled(httpx.HTTPTransport):
    """A door that does something to what passes it."""

    def __init__(self, spoil, signed_in):
        super().__init__()
        self.spoil, self.signed_in = spoil, signed_in

    def handle_request(self, request):
        if request.url.path.endswith("/login"):
            return httpx.Response(200, content=self.signed_in, request=request)
        return self.spoil(request, super().handle_request)


def as_it_is(request, go_on):
    return go_on(request)


def failing(cloud, signed_in, capsys, spoil=as_it_is, patience=PATIENCE):
    """The sentences of the checks that do not hold."""
    with httpx.Client(base_url=cloud.base_url, transport=Spoiled(spoil, signed_in), timeout=30) as api:
        tried(Visit(api, PASSWORD, cloud.base_url, patience), CHECKS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CHECKS)
    return [line[2:].partition(":")[0] for line in lines if line.startswith("✘")]


def test_it_holds_at_the_first_visit_and_at_the_next(cloud, monkeypatch, capsys):
    monkeypatch.setenv("SMOKE_PASSWORD", PASSWORD)
    arguments = argparse.Namespace(url=cloud.base_url, project=None, waha_url=cloud.base_url, patience=PATIENCE)
    for _ in range(2):
        code, said = command.run(arguments), capsys.readouterr().out
        assert code == 0, said
        assert f"All {len(CHECKS)} checks hold." in said


def again(request, **changes):
    """The same request with something changed."""
    kept = {"headers": request.headers, "content": request.content, "url": request.url, **changes}
    headers = {name: value for name, value in dict(kept["headers"]).items() if name != "content-length"}
    return httpx.Request(request.method, kept["url"], headers=headers, content=kept["content"])


def written_anew(request, go_on):
    """A door that reads JSON and writes it in its own way."""
    try:
        content = json.dumps(json.loads(request.content)).encode()
    except ValueError:
        content = request.content
    return go_on(again(request, content=content))


def texts_only(request, go_on):
    """A door that takes bodies for text."""
    return go_on(again(request, content=request.content.decode(errors="replace").encode()))


def without_tokens(request, go_on):
    """A door that keeps the caller's token to itself."""
    return go_on(again(request, headers={n: v for n, v in request.headers.items() if n.lower() != "authorization"}))


def answers_browsers_itself(request, go_on):
    if request.method == "OPTIONS":
        return httpx.Response(204, headers={"Access-Control-Allow-Origin": "*"}, request=request)
    return go_on(request)


def lets_anybody_in(request, go_on):
    """Functions that answer 200 to whatever is delivered, and to strangers."""
    answer = go_on(request)
    answer.read()
    refused = answer.status_code == httpx.codes.UNAUTHORIZED and "login" not in request.url.path
    return httpx.Response(200, json={}, request=request) if refused else answer


def believes_claims(request, go_on):
    """Functions that count each claimed address apart."""
    answer = go_on(request)
    answer.read()
    if "X-Forwarded-For" not in request.headers:
        return answer
    headers = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4"}
    return httpx.Response(422, json={}, headers=headers, request=request)


@pytest.mark.parametrize(
    ("spoil", "broken"),
    [
        (as_it_is, []),
        (written_anew, [ODD, *BEHIND]),
        (texts_only, [NO_TEXT]),
        (without_tokens, ["it signs in, and its own token is taken", WEBHOOK, ODD, NO_TEXT, OTHERS, *BEHIND]),
        (answers_browsers_itself, ["a browser is answered before it calls"]),
        (believes_claims, [COUNTED]),
        (lets_anybody_in, ["a stranger is not let in", "a token that was touched is not", OTHERS]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_door_that_spoils_what_passes_it_is_found(cloud, signed_in, capsys, spoil, broken):
    assert failing(cloud, signed_in, capsys, spoil) == broken


@contextmanager
def asleep(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_relay_that_stands_still_is_found(cloud, signed_in, capsys):
    with asleep(cloud.pids["relay"]):
        assert failing(cloud, signed_in, capsys, patience=2) == BEHIND


def test_an_earlier_reply_of_the_same_second_is_no_answer():
    """WhatsApp's time of the message is a whole second, ours of the earlier reply is not."""
    asked = {"id": "asked", "sender_kind": "contact", "status": "received", "created_at": "2026-03-01T12:00:00.900Z"}
    earlier = {"id": "earlier", "sender_kind": "bot", "status": "sent", "created_at": "2026-03-01T12:00:00.300Z"}
    said = [earlier, asked]
    told = httpx.MockTransport(lambda _request: httpx.Response(200, json={"data": said}))
    with httpx.Client(base_url="http://crm", transport=told) as api:
        visit = Visit(api, PASSWORD, "", 0, {"token": "t", "channel": "c", "contact": "p", "message": "asked"})
        with pytest.raises(Broken):
            reply(visit)
        said.append(earlier | {"id": "ours", "created_at": "2026-03-01T12:00:02.100Z"})
        reply(visit)


def test_nobody_there_is_said_for_every_check(capsys):
    with httpx.Client(base_url="http://127.0.0.1:9", timeout=1) as api:
        assert tried(Visit(api, PASSWORD, "", 1), CHECKS) == len(CHECKS)
    assert "GET /health was not answered: ConnectError" in capsys.readouterr().out


def test_without_a_password_it_says_what_it_needs(monkeypatch, capsys):
    monkeypatch.delenv("SMOKE_PASSWORD", raising=False)
    assert command.run(argparse.Namespace(url="http://x", project=None, waha_url=None, patience=1)) == 2
    assert "SMOKE_PASSWORD" in capsys.readouterr().err


def test_the_odd_bytes_are_json_that_nothing_else_would_write_so():
    body = odd_bytes("é \U0001f642 /")
    event = json.loads(body)
    assert event["payload"]["body"] == "é \U0001f642 /"
    assert "\U0001f642".encode() in body
    for style in ({}, {"ensure_ascii": False}, {"indent": 1}, {"separators": (",", ":")}):
        assert json.dumps(event, **style).encode() != body
