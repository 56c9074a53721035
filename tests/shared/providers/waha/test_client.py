"""The client against a fake server of every engine, in good order and in every kind of trouble."""

import socket
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from infra.fakes.waha import FakeWaha
from infra.fakes.waha_events import make_event
from infra.fakes.waha_state import Fault
from shared.kernel.inbound import MessageType
from shared.kernel.outbound import words
from shared.providers import guard
from shared.providers.waha.capabilities import takes_id
from shared.providers.waha.client import NotNow, Refused, Unanswered, Unknown, Unreachable, Waha
from shared.providers.waha.ids import new_message_id

ENGINES = ["WEBJS", "NOWEB", "GOWS"]
CHAT = "5511912345678@c.us"


@pytest.fixture(scope="module")
def fake():
    with FakeWaha() as running:
        yield running


@pytest.fixture
def session(fake, request):
    return fake.add_session(request.node.name, getattr(request, "param", "GOWS"), api_key="secret")


def talk(fake: FakeWaha, session, *, seconds: float = 5, key: str = "secret") -> Waha:
    http = guard.client(frozenset({fake.address}), total_seconds=seconds, most_bytes=1024 * 1024)
    return Waha(base_url=fake.url + "/", api_key=key, session=session.name, engine=session.engine, http=http)


def named(session, chosen: str) -> dict[str, str]:
    return {"message_id": chosen} if takes_id(session.engine, MessageType.TEXT) else {}


def sent_in(fake: FakeWaha, session):
    return [each for each in fake.sent if each.session == session.name]


@pytest.mark.parametrize("session", ENGINES, indirect=True)
def test_a_text_goes_out_as_it_is(fake, session):
    text = 'Olá!\n  *negrito* 👍🏽 \u202e<b>&\\" %40 '
    with talk(fake, session) as waha:
        sent = waha.send(CHAT, words(text), reply_to=f"false_{CHAT}_3A01")
    record = sent_in(fake, session)[0]
    assert (record.text, record.chat_id, record.id) == (text, CHAT, sent.external_id)
    assert record.reply_to == f"false_{CHAT}_3A01"


@pytest.mark.parametrize("session", ENGINES, indirect=True)
def test_an_id_of_ours_is_used_where_the_engine_takes_one(fake, session):
    chosen = new_message_id()
    with talk(fake, session) as waha:
        ids = {waha.send(CHAT, words("oi"), **named(session, chosen)).external_id for _ in range(2)}
    shown = [each for each in fake.whatsapp if each.session == session.name]
    assert (ids == {chosen}) is takes_id(session.engine, MessageType.TEXT)
    assert len(shown) == (1 if takes_id(session.engine, MessageType.TEXT) else 2)


def test_an_id_of_ours_has_the_form_whatsapp_knows():
    assert len({new_message_id() for _ in range(100)}) == 100
    assert all(len(each) == 22 and each.startswith("3EB0") and each == each.upper() for each in [new_message_id()])


@pytest.mark.parametrize(("kind", "code"), [("error_463", "reachout_timelock"), ("error_429", "rate_limited")])
def test_a_definite_no_is_refused(fake, session, kind, code):
    fake.set_fault(session.name, Fault(kind=kind))
    with talk(fake, session) as waha, pytest.raises(Refused) as refused:
        waha.send(CHAT, words("oi"))
    assert refused.value.code == code
    assert sent_in(fake, session) == []


@pytest.mark.parametrize("session", ENGINES, indirect=True)
@pytest.mark.parametrize(
    ("kind", "sent"),
    [("hang", False), ("error_500", False), ("error_500", True), ("malformed", True), ("drop", True), ("hang", True)],
)
def test_what_may_have_been_sent_is_unknown(fake, session, kind, sent):
    fake.set_fault(session.name, Fault(kind=kind, seconds=5, sent=sent))
    with talk(fake, session, seconds=1 if kind == "hang" else 10) as waha, pytest.raises(Unknown):
        waha.send(CHAT, words("oi"))
    assert fake.webhooks.wait(5, lambda: len(sent_in(fake, session)) == sent)


def test_slow_is_not_lost(fake, session):
    fake.set_fault(session.name, Fault(kind="slow", seconds=0.05))
    with talk(fake, session) as waha:
        assert waha.send(CHAT, words("oi")).external_id == sent_in(fake, session)[0].id


def test_a_wrong_key_is_refused(fake, session):
    with talk(fake, session, key="other") as waha, pytest.raises(Refused) as refused:
        waha.send(CHAT, words("oi"))
    assert (refused.value.status, refused.value.code) == (401, "unauthorized")


def test_an_unknown_session_is_refused(fake, session):
    session.name, known = "nobody", session.name
    with talk(fake, session) as waha, pytest.raises(Refused) as refused:
        waha.check()
    session.name = known
    assert refused.value.code == "not_found"


def test_a_session_that_is_not_connected_is_refused(fake, session):
    session.status = "SCAN_QR_CODE"
    with talk(fake, session) as waha:
        assert waha.check().status == "SCAN_QR_CODE"
        with pytest.raises(NotNow) as refused:
            waha.send(CHAT, words("oi"))
    assert refused.value.status == 422


def test_a_connected_session_says_whose_phone_it_is(fake, session):
    with talk(fake, session) as waha:
        state = waha.check()
    assert state.status == "WORKING"
    assert state.phone is not None
    assert state.phone.value == "+5511999990000"


def test_a_closed_port_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        http = guard.client(frozenset({place}))
        waha = Waha(base_url=f"http://{place}", api_key="k", session="s", engine=None, http=http)
        with waha, pytest.raises(Unreachable):
            waha.send(CHAT, words("oi"))


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254", "https://localhost", "https://10.0.0.1:8443", "nonsense", ""]
)
def test_a_forbidden_address_is_unreachable(url):
    with Waha(base_url=url, api_key="k", session="s", engine=None) as waha, pytest.raises(Unreachable):
        waha.send(CHAT, words("oi"))


@pytest.mark.parametrize("session", ENGINES, indirect=True)
def test_a_chat_is_read_back_page_by_page(fake, session):
    began = datetime.now(UTC) - timedelta(seconds=1)
    old = make_event(session.engine, "text", body="old", timestamp=int(began.timestamp()) - 3600)
    fake.state.keep(session, old["payload"])
    fake.state.keep(session, make_event(session.engine, "image", body="recibo")["payload"])
    with talk(fake, session) as waha:
        ids = [waha.send(CHAT, words(f"n{number}")).external_id for number in range(60)]
        found = waha.messages(CHAT, began)
        assert len(waha.messages(CHAT, began, limit=5)) == 5
    ours = [each for each in found if each.from_me]
    assert {each.external_id for each in ours} == set(ids)
    assert all(each.chat_address == CHAT and each.sent_by_api for each in ours)
    assert [each.type for each in found if not each.from_me] == [MessageType.IMAGE]


def test_a_chat_is_asked_for_without_its_media_and_with_its_address_escaped():
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=[])

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with Waha(base_url="https://waha.example.com/in", api_key="k", session="a b", engine="GOWS", http=http) as waha:
        assert waha.messages(CHAT, datetime.fromtimestamp(1783000000.9, UTC)) == []
    path, _, _ = asked[0].raw_path.decode().partition("?")
    assert path == "/in/api/a%20b/chats/5511912345678%40c.us/messages"
    assert asked[0].params["downloadMedia"] == "false"
    assert asked[0].params["filter.timestamp.gte"] == "1783000000"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"[", Unknown),
        (201, b"{}", Unknown),
        (201, b"null", Unknown),
        (201, b"[" * 100_000, Unknown),
        (302, b"", Refused),
        (400, b"\xff\xfe", Refused),
        (408, b"", Unknown),
        (418, b"{}", Refused),
        (502, b"<html>", Unanswered),
        (422, b'{"error": "Session status is not as expected. Try again later", "status": "STARTING"}', NotNow),
        (429, b"", NotNow),
        (500, b'{"message": "server returned error 463"}', Refused),
    ],
)
def test_odd_answers_are_sorted_into_sent_not_sent_and_unknown(status, body, expected):
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status, content=body)))
    waha = Waha(base_url="https://waha.example.com", api_key="k", session="s", engine="GOWS", http=http)
    with waha, pytest.raises(expected):
        waha.send(CHAT, words("oi"))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, b'{"message": "List message can only be sent to a direct message chat."}'),
        (422, b'{"message": ["text must be a string"], "error": "Unprocessable Entity"}'),
        (429, b'{"message": "server returned error 463"}'),
        (403, b'{"message": "Session status is a secret"}'),
    ],
)
def test_a_no_for_good_is_no_not_now(status, body):
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status, content=body)))
    waha = Waha(base_url="https://waha.example.com", api_key="k", session="s", engine="GOWS", http=http)
    with waha, pytest.raises(Refused) as refused:
        waha.send(CHAT, words("oi"))
    assert not isinstance(refused.value, NotNow)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError, Unreachable),
        (httpx.ConnectTimeout, Unreachable),
        (httpx.WriteTimeout, Unanswered),
        (httpx.ReadTimeout, Unanswered),
        (httpx.ReadError, Unanswered),
        (httpx.RemoteProtocolError, Unanswered),
    ],
)
def test_where_a_connection_breaks_says_whether_it_was_sent(error, expected):
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    http = httpx.Client(transport=httpx.MockTransport(fail))
    waha = Waha(base_url="https://waha.example.com", api_key="k", session="s", engine="GOWS", http=http)
    with waha, pytest.raises(expected):
        waha.send(CHAT, words("oi"))


def test_every_request_of_this_file_was_what_the_contract_allows(fake):
    assert [each for each in fake.refused if isinstance(each["why"].get("message"), list)] == []


@pytest.mark.parametrize("body", ["null", "{}", '{"error": "not ready"}', '""', "0"])
def test_an_answer_that_is_no_list_does_not_say_that_a_chat_is_empty(body):
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, text=body)))
    waha = Waha(base_url="http://waha", api_key="k", session="s", engine="GOWS", http=http)
    with waha, pytest.raises(Unknown):
        waha.messages(CHAT, datetime(2026, 1, 1, tzinfo=UTC))
