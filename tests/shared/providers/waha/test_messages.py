"""What the engines say differently, one difference at a time."""

from typing import Any

import pytest

from shared.kernel.inbound import ChatKind, InboundMessage, MessageType, MissingMedia, Receipt
from shared.providers.waha.envelope import read_delivery
from tests.shared.providers.waha.samples import encoded

US = {"id": "5511999990000@c.us", "lid": "200000000000009@lid", "jid": "5511999990000:12@s.whatsapp.net"}
PHONE, LID = "5511912345678@c.us", "100000000000001@lid"


def event(engine: str | None, payload: dict[str, Any], name: str = "message.any", *, me: object = US) -> bytes:
    envelope = {"event": name, "session": "s", "me": me, "timestamp": 1783000000123, "payload": payload}
    return encoded(envelope | ({"environment": {"engine": engine}} if engine else {}))


def read(engine: str | None, *, me: object = US, **payload: Any) -> InboundMessage:
    given = {"id": f"false_{PHONE}_3A01", "from": PHONE, "fromMe": False, "timestamp": 1783000000}
    content = read_delivery(event(engine, given | payload, me=me)).content
    assert isinstance(content, InboundMessage)
    return content


def acked(engine: str, **payload: Any) -> Receipt:
    content = read_delivery(event(engine, {"fromMe": True, **payload}, "message.ack")).content
    assert isinstance(content, Receipt)
    return content


@pytest.mark.parametrize(
    ("engine", "sides"),
    [
        ("WEBJS", {"from": "5511999990000@c.us", "to": PHONE}),
        ("WPP", {"from": "5511999990000@c.us", "to": PHONE}),
        ("NOWEB", {"from": PHONE}),
        ("GOWS", {"from": PHONE, "to": None}),
        (None, {"from": "5511999990000@c.us", "to": PHONE}),
        (None, {"from": PHONE, "to": None}),
    ],
)
def test_our_own_message_lies_in_the_customers_chat(engine, sides):
    found = read(engine, id=f"true_{PHONE}_3A01", fromMe=True, source="api", **sides)
    assert found.chat_address == PHONE
    assert found.sender is None
    assert found.sent_by_api is True
    assert found.customer is not None
    assert [identity.value for identity in found.customer.identities] == ["+5511912345678"]


def test_our_own_alternative_address_is_not_taken_for_the_customers():
    info = {
        "Chat": LID,
        "Sender": "200000000000009:12@lid",
        "SenderAlt": "5511999990000@s.whatsapp.net",
        "RecipientAlt": "5511912345678@s.whatsapp.net",
        "IsFromMe": True,
        "PushName": "Our name",
    }
    found = read("GOWS", id=f"true_{LID}_3A01", fromMe=True, **{"from": LID}, _data={"Info": info})
    assert found.chat_addresses == (LID, PHONE)
    assert found.customer is not None
    assert found.customer.name is None


@pytest.mark.parametrize(
    ("me", "addresses"),
    [(US, (LID, PHONE)), ({"id": US["id"]}, (PHONE,)), (None, (PHONE,))],
)
def test_beside_our_own_message_a_lid_is_the_customers_only_if_we_know_ours(me, addresses):
    key = {"remoteJid": "5511912345678@s.whatsapp.net", "remoteJidAlt": LID, "fromMe": True}
    found = read("NOWEB", me=me, id=f"true_{PHONE}_3A01", fromMe=True, _data={"key": key})
    assert found.chat_addresses == addresses


@pytest.mark.parametrize(
    "key",
    [
        {"remoteJid": LID, "remoteJidAlt": "5511912345678@s.whatsapp.net"},
        {"remoteJid": LID, "senderPn": "5511912345678@s.whatsapp.net"},
        {"remoteJid": "5511912345678@s.whatsapp.net", "remoteJidAlt": LID},
        {"remoteJid": "5511912345678:3@s.whatsapp.net", "senderLid": LID},
    ],
)
@pytest.mark.parametrize("chat", [LID, PHONE])
def test_noweb_names_both_addresses_of_a_chat(key, chat):
    found = read("NOWEB", id=f"false_{chat}_3A01", **{"from": chat}, _data={"key": key, "pushName": "Ana"})
    assert set(found.chat_addresses) >= {chat, LID if LID in key.values() else PHONE}
    assert found.sender is not None
    assert found.sender.name == "Ana"


@pytest.mark.parametrize(
    ("engine", "payload"),
    [
        ("WEBJS", {"to": "5511999990000@c.us", "participant": LID, "_data": {"notifyName": "Ana"}}),
        ("NOWEB", {"to": "1@g.us", "participant": LID, "_data": {"key": {"participant": LID}, "pushName": "Ana"}}),
        ("NOWEB", {"_data": {"key": {"participantAlt": LID}, "pushName": "Ana"}}),
        ("GOWS", {"to": LID, "participant": LID, "_data": {"Info": {"Sender": LID, "PushName": "Ana"}}}),
        ("GOWS", {"participant": None, "id": f"false_1@g.us_3A01_{LID}", "_data": {"Info": {"PushName": "Ana"}}}),
    ],
)
def test_a_group_message_is_its_participants(engine, payload):
    found = read(engine, **{"id": "false_1@g.us_3A01", "from": "1@g.us", **payload})
    assert (found.chat_kind, found.chat_addresses, found.customer) == (ChatKind.GROUP, ("1@g.us",), None)
    assert found.sender is not None
    assert (found.sender.name, [known.value for known in found.sender.identities]) == ("Ana", ["100000000000001"])


@pytest.mark.parametrize(
    ("engine", "data", "expected"),
    [
        ("WEBJS", {"type": "chat"}, MessageType.TEXT),
        ("WEBJS", {"type": "image"}, MessageType.IMAGE),
        ("WEBJS", {"type": "ptt"}, MessageType.VOICE),
        ("WEBJS", {"type": "audio"}, MessageType.AUDIO),
        ("WEBJS", {"type": "video"}, MessageType.VIDEO),
        ("WPP", {"type": "document"}, MessageType.DOCUMENT),
        ("WEBJS", {"type": "sticker"}, MessageType.STICKER),
        ("WEBJS", {"type": "location"}, MessageType.LOCATION),
        ("WEBJS", {"type": "multi_vcard"}, MessageType.CONTACT),
        ("WEBJS", {"type": "poll_creation"}, MessageType.POLL),
        ("NOWEB", {"message": {"audioMessage": {"ptt": True}}}, MessageType.VOICE),
        ("NOWEB", {"message": {"audioMessage": {"ptt": False}}}, MessageType.AUDIO),
        ("NOWEB", {"message": {"ephemeralMessage": {"message": {"imageMessage": {"a": 1}}}}}, MessageType.IMAGE),
        (
            "NOWEB",
            {"message": {"documentWithCaptionMessage": {"message": {"documentMessage": {}}}}},
            MessageType.DOCUMENT,
        ),
        ("NOWEB", {"message": {"liveLocationMessage": {"degreesLatitude": 1}}}, MessageType.LOCATION),
        ("NOWEB", {"message": {"pollCreationMessageV3": {"name": "?"}}}, MessageType.POLL),
        ("GOWS", {"Message": {"contactMessage": {"vcard": "x"}}}, MessageType.CONTACT),
        ("GOWS", {"Message": {}, "Info": {"MediaType": "sticker"}}, MessageType.STICKER),
        ("GOWS", {"Message": {"eventMessage": {"name": "x"}}}, MessageType.EVENT),
        ("GOWS", {"Message": {"somethingNew": {}}}, MessageType.UNKNOWN),
    ],
)
def test_the_engine_tells_the_type(engine, data, expected):
    assert read(engine, _data=data).type is expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"media": {"mimetype": "image/jpeg"}}, MessageType.IMAGE),
        ({"media": {"mimetype": "Video/MP4"}}, MessageType.VIDEO),
        ({"media": {"mimetype": "audio/mpeg"}}, MessageType.AUDIO),
        ({"media": {"mimetype": "audio/ogg; codecs=opus"}}, MessageType.VOICE),
        ({"media": {"mimetype": "application/was"}}, MessageType.STICKER),
        ({"media": {"mimetype": "image/webp"}}, MessageType.STICKER),
        ({"media": {"mimetype": "application/pdf"}}, MessageType.DOCUMENT),
        ({"location": {"latitude": "1", "longitude": "2"}}, MessageType.LOCATION),
        ({"vCards": ["BEGIN:VCARD"]}, MessageType.CONTACT),
        ({"body": "hi"}, MessageType.TEXT),
        ({"hasMedia": True, "body": "caption"}, MessageType.UNKNOWN),
        ({}, MessageType.UNKNOWN),
    ],
)
def test_without_the_engines_word_the_payload_shows_the_type(shown, expected):
    assert read("WEBJS", **shown).type is expected


@pytest.mark.parametrize(
    ("media", "reason", "error"),
    [
        (None, MissingMedia.NOT_DOWNLOADED, None),
        ({"url": None, "mimetype": "image/jpeg", "filename": None}, MissingMedia.NOT_DOWNLOADED, None),
        ({"url": None, "error": {"message": "gone"}}, MissingMedia.DOWNLOAD_FAILED, "gone"),
        ({"url": None, "error": "gone" * 1000}, MissingMedia.DOWNLOAD_FAILED, ("gone" * 1000)[:500]),
        ({"error": {"code": 7, "reason": "gone"}}, MissingMedia.DOWNLOAD_FAILED, "gone"),
        ({"error": {"code": 7}}, MissingMedia.DOWNLOAD_FAILED, "The provider could not download the file."),
        ({"url": "javascript:alert(1)"}, MissingMedia.NOT_DOWNLOADED, None),
    ],
)
def test_media_that_did_not_come_says_why(media, reason, error):
    told = {"imageMessage": {"mimetype": "image/jpeg", "fileLength": "48213", "caption": "Recibo"}}
    found = read("NOWEB", hasMedia=True, media=media, body=None, _data={"message": told})
    assert found.media is not None
    assert (found.media.url, found.media.missing_reason, found.media.error) == (None, reason, error)
    assert (found.type, found.media.mimetype, found.media.size_bytes) == (MessageType.IMAGE, "image/jpeg", 48213)
    assert found.text == "Recibo"


def test_media_that_never_was_is_absent():
    found = read("GOWS", hasMedia=False, media=None, _data={"Message": {"stickerMessage": {"isAnimated": True}}})
    assert found.media is not None
    assert found.media.missing_reason is MissingMedia.ABSENT


def test_webjs_tells_of_a_file_in_its_own_words():
    data = {"type": "ptt", "duration": "12", "size": 9321, "filehash": "abc", "mimetype": "audio/ogg; codecs=opus"}
    media = read("WEBJS", hasMedia=True, media={"url": "https://f/x", "filename": "x.oga"}, _data=data).media
    assert media is not None
    assert (media.duration_seconds, media.size_bytes, media.sha256) == (12, 9321, "abc")
    assert (media.mimetype, media.file_name, media.missing_reason) == ("audio/ogg", "x.oga", None)


@pytest.mark.parametrize(
    ("payload", "live"),
    [
        ({"location": {"live": False, "latitude": "-23.55052", "longitude": "-46.6", "name": "Loja"}}, False),
        ({"location": {"live": True, "latitude": -23.55052, "longitude": -46.6}}, True),
        (
            {"_data": {"message": {"liveLocationMessage": {"degreesLatitude": -23.55052, "degreesLongitude": -46.6}}}},
            True,
        ),
        ({"_data": {"type": "location", "lat": -23.55052, "lng": -46.6}, "body": "/9j/4AAQ"}, False),
    ],
)
def test_a_place_keeps_its_digits(payload, live):
    found = read("WEBJS", **payload)
    assert found.location is not None
    assert (found.location.latitude, found.location.longitude) == ("-23.55052", "-46.6")
    assert (found.type, found.text, found.location.live) == (MessageType.LOCATION, None, live)


def test_a_place_may_be_told_in_whole_degrees_as_longs():
    found = read("NOWEB", location={"latitude": {"low": 1, "high": 0}, "longitude": "2"}).location
    assert found is not None
    assert (found.latitude, found.longitude) == ("1", "2")


@pytest.mark.parametrize(
    "payload",
    [
        {"vCards": ["BEGIN:VCARD 1", "BEGIN:VCARD 2"], "body": "BEGIN:VCARD 1"},
        {
            "_data": {
                "Message": {
                    "contactsArrayMessage": {"contacts": [{"vcard": "BEGIN:VCARD 1"}, {"vcard": "BEGIN:VCARD 2"}]}
                }
            }
        },
    ],
)
def test_all_cards_are_kept(payload):
    found = read("GOWS", **payload)
    assert [card.vcard for card in found.cards] == ["BEGIN:VCARD 1", "BEGIN:VCARD 2"]
    assert (found.type, found.text) == (MessageType.CONTACT, None)


@pytest.mark.parametrize(
    "payload",
    [
        {"replyTo": {"id": "3EB0BB"}},
        {"replyTo": {"id": f"true_{PHONE}_3EB0BB"}},
        {"_data": {"message": {"extendedTextMessage": {"text": "x", "contextInfo": {"stanzaId": "3EB0BB"}}}}},
        {"_data": {"Message": {"imageMessage": {"contextInfo": {"stanzaID": "3EB0BB"}}}}},
        {"_data": {"type": "chat", "quotedStanzaID": "3EB0BB"}},
    ],
)
def test_the_quoted_message_is_named_by_its_bare_id(payload):
    assert read("NOWEB", **payload).quoted_external_id == "3EB0BB"


def test_the_oldest_payloads_show_their_engine_by_their_data():
    body = event(None, {"id": "x", "from": PHONE, "_data": {"Info": {"ID": "x"}}})
    assert read_delivery(body).engine == "GOWS"
    assert read_delivery(event(None, {"id": "x", "from": PHONE, "_data": {"key": {}}})).engine == "NOWEB"


def test_a_message_to_ourselves_lies_in_our_own_chat():
    found = read("NOWEB", id="true_5511999990000@c.us_3A01", fromMe=True, **{"from": "5511999990000@c.us"})
    assert found.chat_address == "5511999990000@c.us"


@pytest.mark.parametrize(
    ("ack", "name", "level"),
    [(None, "READ", 3), (None, "ERROR", -1), (-1, None, -1), (0, "PENDING", 0), (4.0, "PLAYED", 4), ("2", None, 2)],
)
def test_the_level_is_a_number_or_a_name(ack, name, level):
    assert acked("NOWEB", id=f"true_{PHONE}_3A01", **{"from": PHONE}, ack=ack, ackName=name).level == level


@pytest.mark.parametrize(("ack", "name"), [(None, "UNKNOWN"), (9, None), (None, None), (1.5, None), (True, None)])
def test_a_level_nobody_knows_is_a_problem(ack, name):
    found = read_delivery(event("NOWEB", {"id": "x", "from": PHONE, "ack": ack, "ackName": name}, "message.ack"))
    assert found.content is None
    assert found.problem


def test_one_receipt_can_cover_several_messages():
    data = {"MessageIDs": ["3A02", "3A01", None, "3A03"]}
    found = acked("GOWS", id=f"true_{PHONE}_3A01", **{"from": PHONE}, ack=3, _data=data)
    assert found.external_ids == ("3A01", "3A02", "3A03")


def test_we_are_never_the_participant_who_read():
    found = acked("WEBJS", id="true_1@g.us_3A01", to="1@g.us", participant=US["lid"], ack=2)
    assert (found.chat_kind, found.participant) == (ChatKind.GROUP, None)
