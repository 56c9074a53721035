"""Ids and addresses in all their spellings."""

import pytest

from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.inbound import ChatKind
from shared.providers.waha.ids import address, bare_id, chat_kind, identity, message_id


@pytest.mark.parametrize(
    ("raw", "bare"),
    [
        ("true_5511912345678@c.us_3EB0AA", "3EB0AA"),
        ("false_120363000000000001@g.us_3A0C_100000000000001@lid", "3A0C"),
        ("5511912345678@c.us_3EB0AA", "3EB0AA"),
        ("120363000000000001@g.us_3A0C_100000000000001@lid", "3A0C"),
        ("false_status@broadcast_3A0C_5511912345678@c.us", "3A0C"),
        ("true_5511912345678@c.us_3EB0AA_out", "3EB0AA"),
        ("3EB0AA", "3EB0AA"),
        ("3EB0_AA", "3EB0_AA"),
        ({"_serialized": "true_5511912345678@c.us_3EB0AA", "id": "3EB0AA"}, "3EB0AA"),
        ({"id": "3EB0AA"}, "3EB0AA"),
        ("true_5511912345678@c.us_", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_the_bare_id_is_found(raw, bare):
    assert bare_id(raw) == bare


def test_an_id_tells_its_direction_chat_and_author():
    found = message_id("false_120363000000000001@g.us_3A0C_5511912345678:12@s.whatsapp.net")
    assert found is not None
    assert (found.from_me, found.chat) == (False, "120363000000000001@g.us")
    assert found.author == "5511912345678@c.us"


@pytest.mark.parametrize(
    ("raw", "spelled"),
    [
        ("5511912345678@c.us", "5511912345678@c.us"),
        ("5511912345678@s.whatsapp.net", "5511912345678@c.us"),
        ("5511912345678:12@s.whatsapp.net", "5511912345678@c.us"),
        ("5511912345678.0:12@S.WhatsApp.net", "5511912345678@c.us"),
        ("100000000000001:3@lid", "100000000000001@lid"),
        ("120363000000000001@g.us", "120363000000000001@g.us"),
        ("5511912345678-1400000000@g.us", "5511912345678-1400000000@g.us"),
        ({"user": "100000000000001", "server": "lid"}, "100000000000001@lid"),
        ({"_serialized": "5511912345678@c.us"}, "5511912345678@c.us"),
        ("5511912345678", None),
        ("@c.us", None),
        ("a@b@c", None),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_an_address_has_one_spelling(raw, spelled):
    assert address(raw) == spelled


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ("5511912345678:12@s.whatsapp.net", Identity(kind=IdentityKind.PHONE, value="+5511912345678")),
        ("100000000000001:3@lid", Identity(kind=IdentityKind.LID, value="100000000000001")),
        ("0@c.us", Identity(kind=IdentityKind.EXTERNAL, value="0@c.us")),
        ("867051314767696@bot", Identity(kind=IdentityKind.EXTERNAL, value="867051314767696@bot")),
        ("120363000000000001@g.us", None),
        ("status@broadcast", None),
        ("123@newsletter", None),
        ("nobody", None),
    ],
)
def test_an_identity_is_read_from_an_address(raw, known):
    assert identity(raw) == known


def test_the_kind_of_chat_is_in_its_address():
    kinds = [chat_kind(f"1@{server}") for server in ("c.us", "lid", "g.us", "broadcast", "newsletter")]
    assert kinds[:2] == [ChatKind.INDIVIDUAL, ChatKind.INDIVIDUAL]
    assert kinds[2:] == [ChatKind.GROUP, ChatKind.STATUS, ChatKind.NEWSLETTER]
