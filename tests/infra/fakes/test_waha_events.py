"""The events made for each engine are read back as what they were made from, and look like the recorded ones."""

import json
from itertools import product
from typing import Any

import pytest

from infra.fakes.waha_events import SOMEBODY, US, Addressing, make_ack, make_event, make_status
from shared.kernel.identities import IdentityKind
from shared.kernel.inbound import ChatKind, ConnectionState, InboundMessage, MessageType, Receipt
from shared.providers.waha.envelope import read_delivery
from tests.shared.providers.waha.samples import sample

ENGINES = ["WEBJS", "NOWEB", "GOWS"]
KINDS = {
    "text": MessageType.TEXT,
    "image": MessageType.IMAGE,
    "voice": MessageType.VOICE,
    "video": MessageType.VIDEO,
    "document": MessageType.DOCUMENT,
    "sticker": MessageType.STICKER,
    "location": MessageType.LOCATION,
    "live_location": MessageType.LOCATION,
    "vcard": MessageType.CONTACT,
}
GROUP = "120363000000000001@g.us"


def read(event: dict[str, Any]) -> Any:
    return read_delivery(json.dumps(event).encode()).content


@pytest.mark.parametrize(("engine", "kind", "addressing"), list(product(ENGINES, KINDS, Addressing)))
def test_a_message_is_read_back(engine, kind, addressing):
    body = "Oi" if kind in {"text", "image"} else None
    found = read(make_event(engine, kind, body=body, addressing=addressing, reply_to="3EB0BB"))
    assert isinstance(found, InboundMessage)
    assert (found.type, found.text, found.quoted_external_id) == (KINDS[kind], body, "3EB0BB")
    assert (found.media is not None) == (kind in {"image", "voice", "video", "document", "sticker"})
    assert (len(found.cards), found.location is not None) == (kind == "vcard", "location" in kind)
    assert SOMEBODY.address(addressing) == found.chat_address
    assert found.sender is not None
    assert found.sender.name == "Ana"


@pytest.mark.parametrize("engine", ["NOWEB", "GOWS"])
@pytest.mark.parametrize("from_me", [True, False])
def test_a_hidden_id_comes_with_its_phone(engine, from_me):
    found = read(make_event(engine, "text", body="Oi", addressing=Addressing.LID_WITH_PHONE, from_me=from_me))
    assert {each.kind for each in found.customer.identities} == {IdentityKind.PHONE, IdentityKind.LID}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("source", ["api", "app"])
def test_our_own_message_is_read_back(engine, source):
    found = read(make_event(engine, "text", body="Oi", from_me=True, source=source))
    assert (found.from_me, found.sent_by_api, found.sender) == (True, source == "api", None)
    assert found.chat_address == SOMEBODY.phone_address


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("from_me", [True, False])
def test_a_group_message_is_read_back(engine, from_me):
    found = read(make_event(engine, "text", body="Oi", group=GROUP, from_me=from_me))
    assert (found.chat_kind, found.chat_address, found.from_me) == (ChatKind.GROUP, GROUP, from_me)
    assert (found.sender is None) == from_me


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("group", [None, GROUP])
@pytest.mark.parametrize("level", [-1, 0, 1, 2, 3, 4])
def test_a_receipt_is_read_back(engine, group, level):
    found = read(make_ack(engine, level, group=group, message_id="3EB0AA", reader=SOMEBODY))
    assert isinstance(found, Receipt)
    assert (found.external_ids, found.level, found.from_me) == (("3EB0AA",), level, True)
    assert found.chat_address == (group or SOMEBODY.phone_address)
    assert (found.participant is not None) == bool(group)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_status_is_read_back(engine):
    found = read(make_status(engine, "WORKING"))
    assert isinstance(found, ConnectionState)
    assert found.phone is not None
    assert (found.status, found.phone.value) == ("WORKING", f"+{US.phone}")
    assert read(make_status(engine, "SCAN_QR_CODE", me=None)).phone is None


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("message__GOWS_text_lid_dm", make_event("GOWS", "text", body="x", event="message")),
        ("message__GOWS_group_text", make_event("GOWS", "text", body="x", group=GROUP)),
        ("message.any__NOWEB_fromMe_app", make_event("NOWEB", "text", body="x", from_me=True)),
        ("message.ack__GOWS_READ", make_ack("GOWS", 3, message_id="x")),
        ("message.ack__NOWEB_READ", make_ack("NOWEB", 3, message_id="x")),
    ],
)
def test_a_made_event_has_the_keys_of_the_recorded_one(name, made):
    assert set(made["payload"]) == set(sample(name)["payload"])
    assert set(made) - {"engine"} == set(sample(name)) - {"engine"}
