"""Every type of message through every engine: what WAHA is asked, what WhatsApp shows, and what we know of it."""

import pytest

from infra.fakes.waha_state import Fault
from tests.functions.crm.messages.bodies import BODIES
from tests.support.shop import SESSION, open_shop

PATH = "/api/v1/crm/messages"
ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]
GROUP = "120363000000000001@g.us"
PERSONS_ONLY = {"list"}
WITHOUT_LISTS = ("WEBJS", "WPP")
WITH_ID = {"text", "location", "contact", "poll"}
SENDABLE = [(engine, kind) for engine in ENGINES for kind in BODIES if not (kind == "list" and engine in WITHOUT_LISTS)]


@pytest.fixture
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        shop.hears("Oi")
        yield shop


def write(shop, type, /, **more):
    chat_id = str(shop.world.value("select id from chats"))
    return shop.api.post(PATH, {"chat_id": chat_id, **BODIES[type], **more}, as_=shop.tenant.agent)


def sent(shop):
    return [each for each in shop.waha.sent if each.session == SESSION]


@pytest.mark.parametrize(("shop", "type"), SENDABLE, indirect=["shop"])
def test_what_is_written_goes_out_once_and_is_known(shop, type):
    queued = write(shop, type)
    assert (queued.status_code, queued.json["type"], queued.json["status"]) == (201, type, "queued")
    shop.world.drain()
    (record,) = sent(shop)
    message = shop.message(id=queued.json["id"])
    assert (message["status"], message["external_id"]) == ("sent", record.id)
    assert message["provider_id"].split("_")[:3] == ["true", record.chat_id, record.id]
    assert shop.waha.refused == []
    chosen = type in WITH_ID and shop.engine in {"NOWEB", "GOWS"}
    assert ("id" in record.body) is chosen or type == "buttons"


@pytest.mark.parametrize(("shop", "type"), SENDABLE, indirect=["shop"])
@pytest.mark.parametrize("kind", ["drop", "error_500"])
def test_a_lost_answer_is_found_in_the_history_and_not_sent_again(shop, type, kind):
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=True))
    message_id = write(shop, type).json["id"]
    shop.world.drain()
    assert shop.message(id=message_id)["status"] == "unknown"
    shop.settles()
    (record,) = sent(shop)
    assert (shop.message(id=message_id)["status"], shop.message(id=message_id)["external_id"]) == ("sent", record.id)


@pytest.mark.parametrize(("shop", "type"), SENDABLE, indirect=["shop"])
def test_its_echo_before_the_answer_is_the_same_message(shop, type):
    """The echo is delivered while nobody has the answer yet."""
    message_id = write(shop, type).json["id"]
    shop.waha.set_fault(SESSION, Fault(kind="drop", sent=True))
    shop.world.drain()
    (echo,) = [each for each in shop.waha.state.sessions[SESSION].payloads if each["fromMe"]]
    shop.echoes(echo)
    assert shop.world.value("select count(*) from messages where direction = 'outbound'") == 1
    assert shop.message(id=message_id)["status"] == "sent"


@pytest.mark.parametrize("shop", WITHOUT_LISTS, indirect=True)
def test_a_list_is_refused_before_anything_is_queued_where_the_engine_has_none(shop):
    refused = write(shop, "list")
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "engine_cannot")
    assert shop.engine in refused.json["error"]["message"]
    assert shop.world.value("select count(*) from messages where direction = 'outbound'") == 0
    assert shop.world.events("message.queued") == []


@pytest.mark.parametrize("shop", ["NOWEB", "GOWS"], indirect=True)
def test_a_list_goes_to_persons_only(shop):
    shop.hears("Oi, grupo", group=GROUP)
    group_id = shop.world.value("select id from chats where kind = 'group'")
    refused = shop.api.post(PATH, {"chat_id": group_id, **BODIES["list"]}, as_=shop.tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "engine_cannot")
    assert "in a group" in refused.json["error"]["message"]


@pytest.mark.parametrize(("shop", "kind"), [("NOWEB", "list"), ("GOWS", "list"), ("WEBJS", "text")], indirect=["shop"])
def test_buttons_become_a_list_or_numbered_lines(shop, kind):
    write(shop, "buttons")
    shop.world.drain()
    (record,) = sent(shop)
    assert record.type == kind
    if kind == "text":
        assert record.text == "Confirma?\n\n1. Sim\n2. Não"
    else:
        (section,) = record.body["message"]["sections"]
        assert [row["rowId"] for row in section["rows"]] == ["s", "n"]


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_buttons_in_a_group_are_numbered_lines(shop):
    shop.hears("Oi, grupo", group=GROUP)
    group_id = shop.world.value("select id from chats where kind = 'group'")
    assert shop.api.post(PATH, {"chat_id": group_id, **BODIES["buttons"]}, as_=shop.tenant.agent).status_code == 201
    shop.world.drain()
    assert [record.type for record in sent(shop)] == ["text"]


@pytest.mark.parametrize(
    ("shop", "type", "wanted"),
    [
        ("GOWS", "text", {"linkPreview": True, "linkPreviewHighQuality": True}),
        ("GOWS", "image", {"caption": "O cardápio"}),
        ("GOWS", "video", {"convert": True, "asNote": True}),
        ("GOWS", "voice", {"convert": True}),
        ("GOWS", "location", {"latitude": -23.5505, "longitude": -46.6333, "title": "Padaria"}),
    ],
    indirect=["shop"],
)
def test_what_was_asked_for_is_what_waha_is_told(shop, type, wanted):
    write(shop, type)
    shop.world.drain()
    (record,) = sent(shop)
    assert {name: record.body[name] for name in wanted} == wanted


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_a_file_is_named_and_its_kind_is_told_or_read_from_its_name(shop):
    write(shop, "image")
    write(shop, "image", mimetype="image/png", file_name="foto.bin")
    write(shop, "document")
    shop.world.drain()
    assert [each.body["file"] for each in sent(shop)] == [
        {"mimetype": "image/jpeg", "filename": "menu.jpg", "url": "https://files.example.com/menu.jpg"},
        {"mimetype": "image/png", "filename": "foto.bin", "url": "https://files.example.com/menu.jpg"},
        {"mimetype": "application/pdf", "filename": "cardápio.pdf", "url": "https://files.example.com/menu.pdf"},
    ]


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_whoever_is_mentioned_is_named_to_the_engine(shop):
    write(shop, "text", text="Oi @5511900000002!", mentions=["+5511900000002"])
    refused = write(shop, "text", text="Oi!", mentions=["+5511900000002"])
    shop.world.drain()
    assert [each.body["mentions"] for each in sent(shop)] == [["5511900000002@c.us"]]
    assert refused.status_code == 422


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_a_card_is_one_that_phones_read(shop):
    write(shop, "contact")
    shop.world.drain()
    (record,) = sent(shop)
    assert record.body["contacts"][0]["vcard"].splitlines() == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "FN:Bia\\; Lima",
        "TEL;type=CELL;type=VOICE;waid=5511900000002:+5511900000002",
        "END:VCARD",
    ]


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize("type", sorted(set(BODIES) - {"text"}))
def test_a_reply_of_any_type_names_what_it_answers(shop, type):
    answered = shop.message(direction="inbound")
    write(shop, type, reply_to=answered["id"])
    shop.world.drain()
    assert [each.reply_to for each in sent(shop)] == [answered["provider_id"]]


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize("url", ["http://files.example.com/a.jpg", "https://10.0.0.1/a.jpg", "https://localhost/a.jpg"])
def test_a_file_lies_where_anybody_may_fetch_it(shop, url):
    refused = write(shop, "image", url=url)
    assert refused.status_code == 422
    assert refused.json["error"]["details"]["fields"][0]["field"] == "url"


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize(
    ("type", "change"),
    [
        ("poll", {"options": ["A"]}),
        ("poll", {"options": ["A", "A"]}),
        ("poll", {"options": ["A"] * 13}),
        ("location", {"latitude": 91}),
        ("location", {"longitude": "1"}),
        ("contact", {"contacts": []}),
        ("contact", {"contacts": [{"name": "Bia", "phone": "12"}]}),
        ("list", {"sections": []}),
        ("list", {"sections": BODIES["list"]["sections"] * 2}),
        ("list", {"title": " "}),
        ("buttons", {"buttons": [{"id": "s", "title": "Sim"}] * 2}),
        ("image", {"url": None}),
        ("image", {"mimetype": "picture"}),
        ("image", {"text": "caption has another name"}),
        ("document", {"file_name": "../../etc/passwd"}),
        ("voice", {"caption": "voices have none"}),
        ("text", {"type": "hologram"}),
        ("text", {"type": 7}),
    ],
)
def test_what_cannot_be_is_refused_with_the_place(shop, type, change):
    refused = write(shop, type, **change)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "invalid")
    assert not any("<" in each["field"] for each in refused.json["error"]["details"]["fields"])
    assert shop.world.value("select count(*) from messages where direction = 'outbound'") == 0
