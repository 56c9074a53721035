"""Files and cards, wherever an engine puts them."""

import pytest

from shared.kernel.inbound import MessageType, MissingMedia
from tests.shared.providers.waha.test_messages import read

CARD = "BEGIN:VCARD\nFN:Ana\nEND:VCARD"
FILE = "https://waha.example/api/files/1.jpg"
ENCRYPTED = "https://mmg.whatsapp.net/v/t62/x.enc?ccb=1"


@pytest.mark.parametrize("none", [None, [], [None], "x"])
@pytest.mark.parametrize(
    "told",
    [
        {"body": CARD, "_data": {"type": "vcard"}},
        {"body": CARD},
        {"body": "", "_data": {"type": "vcard", "body": CARD}},
        {"body": None, "_data": {"type": "multi_vcard", "vcardList": [{"displayName": "Ana", "vcard": CARD}]}},
    ],
)
def test_a_card_is_found_where_the_browser_engines_put_it(none, told):
    found = read("WPP", vCards=none, **told)
    assert [card.vcard for card in found.cards] == [CARD]
    assert (found.type, found.text) == (MessageType.CONTACT, None)


def test_a_card_that_somebody_wrote_as_a_text_is_a_text():
    found = read("WEBJS", vCards=[], body=CARD, _data={"type": "chat"})
    assert (found.type, found.text, found.cards) == (MessageType.TEXT, CARD, ())


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ({"mediaUrl": FILE}, FILE),
        ({"mediaUrl": FILE, "media": {"url": FILE}}, FILE),
        ({"mediaUrl": ENCRYPTED, "media": {"url": FILE}}, FILE),
        ({"mediaUrl": FILE, "media": {"url": None}}, None),
        ({"mediaUrl": ENCRYPTED, "media": None}, None),
        ({"mediaUrl": ENCRYPTED}, None),
        ({"mediaUrl": "HTTPS://WhatsApp.net"}, None),
        ({"mediaUrl": "https://files.example/whatsapp.net/1"}, "https://files.example/whatsapp.net/1"),
    ],
)
def test_where_whatsapp_keeps_a_file_encrypted_is_not_the_file(told, url):
    media = read("WPP", hasMedia=True, _data={"type": "image"}, **told).media
    assert media is not None
    assert (media.url, media.missing_reason) == (url, None if url else MissingMedia.NOT_DOWNLOADED)
