"""What the fake WAHA tells of that it was asked to do itself."""

import pytest

from infra.fakes.waha_state import Fault
from shared.kernel.inbound import Edit, Reaction, Revocation
from shared.providers.waha.envelope import read_delivery
from tests.infra.fakes.test_waha import CHAT, GROUP, connected, send

ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]
ACTS = {
    "reaction": ("PUT", "/api/reaction", {"session": "s", "reaction": "👍"}),
    "edit": ("PUT", "/api/s/chats/{chat}/messages/{id}", {"text": "olá"}),
    "recall": ("DELETE", "/api/s/chats/{chat}/messages/{id}", None),
}


def sent_to(fake, http, chat):
    """Send a text; its full id."""
    send(http, chatId=chat)
    return fake.state.sessions["s"].payloads[-1]["id"]


def act(http, kind, chat, full):
    method, path, body = ACTS[kind]
    named = {"messageId": full} if kind == "reaction" else {}
    body = None if body is None else {**body, **named}
    return http.request(method, path.format(chat=chat, id=full), json=body)


def told(fake, receiver, count):
    assert fake.webhooks.wait(5, lambda: len(receiver.got) >= count)
    return [read_delivery(body).content for _, body in receiver.got]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("chat", [CHAT, GROUP])
@pytest.mark.parametrize("kind", ACTS)
def test_it_tells_of_what_it_was_asked_to_do(engine, chat, kind):
    with connected(engine) as (fake, receiver, http):
        full = sent_to(fake, http, chat)
        told(fake, receiver, 1)
        assert act(http, kind, chat, full).status_code in {200, 201}
        *_, content = told(fake, receiver, 2)
    assert content.external_id == full.split("_")[2]
    if isinstance(content, Reaction):
        assert (content.value, content.person) == ("👍", None)
    elif isinstance(content, Edit):
        assert content.text == "olá"
    else:
        assert isinstance(content, Revocation)


def test_it_can_tell_of_it_before_it_answers_or_not_at_all():
    with connected("GOWS") as (fake, receiver, http):
        full = sent_to(fake, http, CHAT)
        told(fake, receiver, 1)
        fake.set_fault("s", Fault(kind="echo_first"))
        act(http, "reaction", CHAT, full)
        assert len(receiver.got) == 2
        fake.set_fault("s", Fault(kind="no_echo"))
        act(http, "reaction", CHAT, full)
        assert (len(told(fake, receiver, 2)), len(fake.acts)) == (2, 2)


def test_receipts_can_name_the_chat_by_its_hidden_id():
    with connected("NOWEB", auto_acks=(2,), acks_by_lid=True) as (fake, receiver, http):
        send(http)
        told(fake, receiver, 2)
        (ack,) = [each for each in receiver.events() if each["event"] == "message.ack"]
    assert ack["payload"]["id"] == f"true_15511912345678@lid_{fake.sent[0].id}"
