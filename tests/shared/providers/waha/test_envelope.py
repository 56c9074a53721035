"""Every sample, read; and bodies that are not what they should be."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.kernel.identities import IdentityKind
from shared.kernel.inbound import (
    ChatKind,
    ConnectionState,
    Delivery,
    InboundMessage,
    MessageType,
    Person,
    Receipt,
)
from shared.providers.waha.envelope import READERS, NotJson, read_delivery
from shared.providers.waha.envelope import STATES as STATED
from tests.shared.providers.waha.samples import NAMES, body, encoded, sample

PHONE = "+15550001111"
LID = "100000000000001"
BOTH = {PHONE, LID}
GROUP = "120363000000000001@g.us"
DM = ChatKind.INDIVIDUAL

# name: kind of chat, chat, from us, type, text, the writer's identities, the quoted id
MESSAGES: dict[str, tuple[ChatKind, str, bool, MessageType, str | None, set[str], str | None]] = {
    "message.any__GOWS_fromMe_api": (DM, "15550001111@c.us", True, MessageType.TEXT, "Sent by API", set(), None),
    "message.any__GOWS_reply_to_status_media": (
        DM,
        f"{LID}@lid",
        False,
        MessageType.TEXT,
        "Hello",
        {LID},
        "AC77C28A96045A410000000000000001",
    ),
    "message.any__NOWEB_fromMe_app": (
        DM,
        "15550001111@c.us",
        True,
        MessageType.TEXT,
        "Typed on the phone",
        set(),
        None,
    ),
    "message.any__NOWEB_group_sticker_fromMe": (ChatKind.GROUP, GROUP, True, MessageType.STICKER, None, set(), None),
    "message__GOWS_document": (DM, f"{LID}@lid", False, MessageType.DOCUMENT, None, BOTH, None),
    "message__GOWS_group_text": (ChatKind.GROUP, GROUP, False, MessageType.TEXT, "Hi all", BOTH, None),
    "message__GOWS_image_caption": (DM, f"{LID}@lid", False, MessageType.IMAGE, "My receipt", BOTH, None),
    "message__GOWS_location": (DM, f"{LID}@lid", False, MessageType.LOCATION, None, BOTH, None),
    "message__GOWS_reply_quoted": (
        DM,
        f"{LID}@lid",
        False,
        MessageType.TEXT,
        "Yes!",
        BOTH,
        "3EB0000000000000000BBB",
    ),
    "message__GOWS_sticker": (DM, f"{LID}@lid", False, MessageType.STICKER, None, BOTH, None),
    "message__GOWS_text_lid_dm": (DM, f"{LID}@lid", False, MessageType.TEXT, "Hello", BOTH, None),
    "message__GOWS_video": (DM, f"{LID}@lid", False, MessageType.VIDEO, None, BOTH, None),
    "message__GOWS_voice_ptt": (DM, f"{LID}@lid", False, MessageType.VOICE, None, BOTH, None),
    "message__NOWEB_image_caption": (DM, "15550001111@c.us", False, MessageType.IMAGE, "Hi there's!", {PHONE}, None),
    "message__NOWEB_lid_dm_reply": (
        DM,
        f"{LID}@lid",
        False,
        MessageType.TEXT,
        "Yes please",
        BOTH,
        "3EB0BBBB0000000001",
    ),
    "message__NOWEB_lottie_sticker": (DM, "15550001111@c.us", False, MessageType.STICKER, None, {PHONE}, None),
    "message__WEBJS_group_text_lid_participant": (
        ChatKind.GROUP,
        GROUP,
        False,
        MessageType.TEXT,
        "Hello group",
        {LID},
        None,
    ),
    "message__WEBJS_voice_ptt": (DM, "15550001111@c.us", False, MessageType.VOICE, None, {PHONE}, None),
    "message__newsletter_channel": (
        ChatKind.NEWSLETTER,
        "123000000000000001@newsletter",
        False,
        MessageType.TEXT,
        "How are you all?! ❤️",
        set(),
        None,
    ),
    "message__status_broadcast_image": (
        ChatKind.STATUS,
        "status@broadcast",
        False,
        MessageType.IMAGE,
        "Check this out!",
        {PHONE},
        None,
    ),
}

# name: ids, chat, level, from us, the participant's identities
RECEIPTS: dict[str, tuple[str, str, int, bool, set[str]]] = {
    "message.ack.group__GOWS_READ": ("3333333333333333333333", GROUP, 3, True, {LID}),
    "message.ack.group__NOWEB_READ": ("A" * 32, GROUP, 3, True, {LID}),
    "message.ack.group__WEBJS_READ": ("A" * 32, GROUP, 3, True, {LID}),
    "message.ack__GOWS_DEVICE": ("3333333333333333333333", "15550001111@c.us", 2, True, set()),
    "message.ack__GOWS_PLAYED": ("3333333333333333333333", "15550001111@c.us", 4, True, set()),
    "message.ack__GOWS_READ": ("3333333333333333333333", "15550001111@c.us", 3, True, set()),
    "message.ack__GOWS_READ_fromMe_false_we_read_on_phone": (
        "3333333333333333333333",
        "15550001111@c.us",
        3,
        False,
        set(),
    ),
    "message.ack__NOWEB_PENDING": ("3EB0CCCC0000000001", "15550001111@c.us", 0, True, set()),
    "message.ack__NOWEB_READ": ("A" * 32, "15550001111@c.us", 3, True, set()),
    "message.ack__NOWEB_READ_fromMe_false_malformed_id": ("A" * 32, "15550001111@c.us", 3, False, set()),
    "message.ack__NOWEB_SERVER": ("3EB0CCCC0000000001", "15550001111@c.us", 1, True, set()),
    "message.ack__NOWEB_lid_DEVICE": ("3EB0CCCC0000000001", f"{LID}@lid", 2, True, set()),
    "message.ack__WEBJS_DEVICE_full_message_body": ("AAA", "15550001111@c.us", 2, True, set()),
    "message.ack__WEBJS_READ_full_message_body": ("AAA", "15550001111@c.us", 3, True, set()),
}

STATES = {
    "session.status__GOWS_FAILED": "FAILED",
    "session.status__GOWS_PASSKEY_REQUIRED": "PASSKEY_REQUIRED",
    "session.status__WEBJS_SCAN_QR_CODE": "SCAN_QR_CODE",
    "session.status__WEBJS_WORKING": "WORKING",
}


def known_by(person: Person | None) -> set[str]:
    return {identity.value for identity in person.identities} if person else set()


def message_of(event: dict[str, Any]) -> InboundMessage:
    content = read_delivery(encoded(event)).content
    assert isinstance(content, InboundMessage)
    return content


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_read_as_expected(name):
    chat_kind, chat, from_me, type_, text, writer, quoted = MESSAGES[name]
    found = message_of(sample(name))
    assert (found.chat_kind, found.chat_address, found.from_me) == (chat_kind, chat, from_me)
    assert (found.type, found.text, found.quoted_external_id) == (type_, text, quoted)
    assert known_by(found.sender) == writer
    assert found.external_id in found.provider_id
    assert chat in found.chat_addresses
    assert found.sent_at == datetime.fromtimestamp(sample(name)["payload"]["timestamp"], UTC)


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_receipt_is_read_as_expected(name):
    external_id, chat, level, from_me, participant = RECEIPTS[name]
    found = read_delivery(body(name)).content
    assert isinstance(found, Receipt)
    assert (found.external_ids, found.chat_address, found.level) == ((external_id,), chat, level)
    assert found.from_me is from_me
    assert known_by(found.participant) == participant


@pytest.mark.parametrize("name", STATES)
def test_a_session_status_is_read_as_expected(name):
    found = read_delivery(body(name)).content
    assert isinstance(found, ConnectionState)
    assert found.status == STATES[name]
    assert (found.phone is None) == (sample(name)["me"] is None)


@pytest.mark.parametrize("name", [name for name in NAMES if sample(name)["event"] not in {*READERS, *STATED}])
def test_any_other_event_is_left_unhandled(name):
    found = read_delivery(body(name))
    assert (found.content, found.problem) == (None, None)
    assert found.event == sample(name)["event"]


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_is_found_where_it_is_named(name):
    found = read_delivery(body(name))
    assert found.engine == sample(name)["environment"]["engine"]
    assert found.event_id == sample(name).get("id")
    assert found.session == sample(name)["session"]


def test_the_customer_is_known_by_phone_and_lid_together():
    found = message_of(sample("message__GOWS_text_lid_dm"))
    assert found.chat_addresses == (f"{LID}@lid", "15550001111@c.us")
    assert found.customer == found.sender
    assert [identity.kind for identity in (found.customer or Person(identities=())).identities] == [
        IdentityKind.PHONE,
        IdentityKind.LID,
    ]
    assert found.sender is not None
    assert found.sender.name == "Customer A"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"not json",
        b"\xff\xfe\x00",
        b"{}{}",
    ],
)
def test_what_is_no_json_is_refused(raw):
    with pytest.raises(NotJson):
        read_delivery(raw)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b'"text"', "not an object"),
        (b"1", "not an object"),
        (b"[" * 200_000 + b"]" * 200_000, "too deeply"),
        (b'{"event":"message","payload":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_001, "too deeply"),
    ],
)
def test_json_that_cannot_be_understood_says_why(raw, problem):
    found = read_delivery(raw)
    assert (found.content, found.event, found.event_id) == (None, "", None)
    assert problem in (found.problem or "")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'{"payload": ' + b"9" * 10_000 + b"}",
        b'{"payload": NaN, "timestamp": Infinity}',
        b'{"timestamp": 1e999, "event": {}}',
        b'{"id": ' + b"[" * 400 + b"]" * 400 + b"}",
    ],
)
def test_a_json_object_without_an_event_is_a_delivery_with_a_problem(raw):
    found = read_delivery(raw)
    assert found.content is None
    assert found.problem


def test_what_a_reader_did_not_foresee_is_kept_with_its_problem(monkeypatch):
    monkeypatch.setitem(READERS, "message", lambda _payload, _setting: 1 / 0)
    found = read_delivery(body("message__GOWS_text_lid_dm"))
    assert (found.content, found.event, found.problem) == (None, "message", "The payload could not be read.")


def test_broken_utf8_is_read_with_replacement_characters():
    raw = body("message__GOWS_text_lid_dm").replace(b'"Hello"', b'"Hel\xfflo"')
    found = read_delivery(raw).content
    assert isinstance(found, InboundMessage)
    assert found.text == "Hel\ufffdlo"


def test_what_postgres_refuses_is_replaced():
    event = sample("message__GOWS_text_lid_dm")
    event["payload"]["body"] = "a\0b\ud83dc"
    assert message_of(event).text == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("event", sorted({*READERS, *STATED} - {"state.change"}))
@pytest.mark.parametrize("payload", [None, 7, "x", [], {}, {"id": {}}, {"id": "\t"}, {"id": "A" * 5000}])
def test_a_payload_that_says_nothing_is_a_problem(event, payload):
    found = read_delivery(encoded({"event": event, "payload": payload}))
    assert found.content is None
    assert found.problem


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (1783000000, datetime(2026, 7, 2, 13, 46, 40, tzinfo=UTC)),
        (1783000000123, datetime(2026, 7, 2, 13, 46, 40, 123000, tzinfo=UTC)),
        (1783000000.5, datetime(2026, 7, 2, 13, 46, 40, 500000, tzinfo=UTC)),
        ("1783000000", datetime(2026, 7, 2, 13, 46, 40, tzinfo=UTC)),
        ({"low": 1783000000, "high": 0, "unsigned": True}, datetime(2026, 7, 2, 13, 46, 40, tzinfo=UTC)),
        (None, datetime(2026, 1, 16, 16, 23, 11, 344000, tzinfo=UTC)),
        ("yesterday", None),
        (-5, None),
        (True, None),
        (10**18, None),
        (9_000_000_000, None),
        (0, None),
        (10**400, None),
        (math.inf, None),
    ],
)
def test_the_time_is_read_in_whatever_unit(said, meant):
    event = sample("message__GOWS_text_lid_dm")
    event["payload"]["timestamp"] = said
    assert message_of(event).sent_at == meant


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.builds(list),
    st.builds(dict),
    st.just("\ud800\0"),
    st.just("x" * 70_000),
    st.builds(lambda: [{}, None, 3]),
    st.builds(lambda: {"low": 1, "high": "x"}),
)


def places(value: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [path, *(place for key, inner in value.items() for place in places(inner, (*path, key)))]


def changed(event: dict[str, Any], path: tuple[str, ...], value: object, *, drop: bool) -> None:
    inner: Any = event
    for key in path[:-1]:
        inner = inner.get(key) if isinstance(inner, dict) else None
    if isinstance(inner, dict) and drop:
        inner.pop(path[-1], None)
    elif isinstance(inner, dict):
        inner[path[-1]] = value


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mutation_of_a_sample_is_beyond_reading(data):
    event = sample(data.draw(st.sampled_from(sorted({**MESSAGES, **RECEIPTS, **STATES}))))
    paths = [path for path in places(event) if path]
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=6)):
        changed(event, path, data.draw(ODD), drop=data.draw(st.booleans()))
    found = read_delivery(json.dumps(event).encode("utf-8", "surrogatepass"))
    assert isinstance(found, Delivery)
    assert found.problem != "The payload could not be read."
    assert "\0" not in repr(found)
    repr(found).encode()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(raw):
    try:
        found = read_delivery(raw)
    except NotJson:
        return
    assert isinstance(found, Delivery)
