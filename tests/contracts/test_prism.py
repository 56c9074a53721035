"""All that we ask of WAHA, held against its own document by Prism: a second opinion beside the check of the fake."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from json import dumps

import pytest
from pydantic import TypeAdapter

from infra.fakes.waha import FakeWaha, contract
from shared.crm.channels.control import EVENTS
from shared.crm.messages.bodies import NewMessage
from shared.kernel.ids import uuid7
from shared.providers.waha.capabilities import Operation, can, takes_id
from shared.providers.waha.client import Refused, Unknown
from shared.providers.waha.history import Archive
from shared.providers.waha.ids import new_message_id
from shared.providers.waha.rendering import rendered
from shared.providers.waha.sessions import SessionControl
from tests.functions.crm.messages.bodies import BODIES
from tests.support import prism

pytestmark = pytest.mark.skipif(bool(prism.why_not()), reason=prism.why_not())
ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]
CHAT = "5511912345678@c.us"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
READ = TypeAdapter(NewMessage)


@pytest.fixture(scope="module")
def fake():
    with FakeWaha() as running:
        yield running


@pytest.fixture(scope="module")
def between(fake, tmp_path_factory):
    with prism.watched(contract().document, fake.url, tmp_path_factory.mktemp("prism")) as running:
        yield running


@pytest.fixture
def ask(request, fake, between):
    """Makes a client of a kind, which asks through Prism."""
    session = fake.add_session(f"prism-{request.param}", request.param, api_key="key", paired=True, status="WORKING")
    between.asked.clear()

    known = {"base_url": between.url, "api_key": "key", "session": session.name, "engine": session.engine}
    return lambda kind: kind(**known, http=between.client())


def drafts(engine):
    """Every type of message that the engine sends, as it sends it."""
    for body in BODIES.values():
        written = READ.validate_json(dumps({**body, "chat_id": str(uuid7())})).draft()
        draft = rendered(written, engine, group=False)
        if can(engine, Operation(draft.type), group=False):
            yield draft


@pytest.mark.parametrize("ask", ENGINES, indirect=True)
def test_every_type_of_message(ask, between, request):
    engine = request.node.callspec.params["ask"]
    with ask(SessionControl) as waha:
        first = waha.send(CHAT, next(drafts(engine)))
        for draft in drafts(engine):
            chosen = new_message_id() if takes_id(engine, draft.type) else None
            waha.send(CHAT, draft, reply_to=first.provider_id, message_id=chosen)
        if can(engine, Operation.FORWARD, group=False):
            try_to(waha.forward, CHAT, first.provider_id)
    assert between.wrong() == []
    assert len(between.asked) >= 10


def try_to(call, *arguments):
    """What the answer says is not what is looked at here."""
    with suppress(Refused, Unknown):
        call(*arguments)


@pytest.mark.parametrize("ask", ENGINES, indirect=True)
def test_all_that_is_done_to_messages_and_in_chats(ask, between):
    with ask(Archive) as waha:
        sent = waha.send(CHAT, next(drafts("GOWS")))
        waha.react(sent.provider_id, "👍")
        waha.react(sent.provider_id, "")
        waha.edit(CHAT, sent.provider_id, "olá")
        waha.seen(CHAT, [sent.provider_id], participant="5511912345678@c.us")
        waha.typing(CHAT, on=True)
        waha.typing(CHAT, on=False)
        waha.messages(CHAT, LONG_AGO)
        waha.file_of(CHAT, sent.provider_id)
        waha.phone_behind("100000000000001")
        waha.recall(CHAT, sent.provider_id)
    assert between.wrong() == []
    assert len(between.asked) >= 11


@pytest.mark.parametrize("ask", ENGINES, indirect=True)
def test_all_that_is_read_of_the_past(ask, between):
    with ask(Archive) as waha:
        waha.own()
        waha.chats(0)
        waha.page(CHAT, 0, since=LONG_AGO, until=LONG_AGO + timedelta(days=1))
        waha.phone_address("100000000000001@lid")
    assert between.wrong() == []
    assert len(between.asked) == 4


@pytest.mark.parametrize("ask", ENGINES, indirect=True)
def test_all_that_is_asked_of_a_session(ask, between):
    with ask(SessionControl) as waha:
        waha.check()
        waha.look()
        waha.deliver_to("https://crm.example.com/a.b", "a key that is long enough", EVENTS)
        waha.webhooks()
        waha.unpair()
        waha.begin()
        waha.qr_picture()
        waha.qr_text()
        waha.pairing_code("5511912345678")
        waha.end()
    assert between.wrong() == []
    assert len(between.asked) == 11


@pytest.mark.parametrize("ask", ["GOWS"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        {"chatId": CHAT},
        {"chatId": CHAT, "text": 7},
        {"text": "oi"},
        {"chatId": CHAT, "text": "oi", "linkPreview": "no"},
    ],
)
def test_it_sees_what_is_wrong(ask, between, body):
    with ask(SessionControl), between.client() as http:
        http.post(f"{between.url}/api/sendText", json={"session": "s", **body}, headers={"X-Api-Key": "key"})
    assert between.wrong() != []
