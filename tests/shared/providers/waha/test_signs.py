"""Who is on the other side of a call, by what the engines tell of it."""

import pytest

from shared.kernel.inbound import Call
from shared.providers.waha.envelope import read_delivery
from tests.shared.providers.waha.samples import encoded, sample

PHONE, LID, GROUP = "15550001111@c.us", "100000000000001@lid", "120363000000000001@g.us"
OTHER, OTHER_LID = "15550002222@s.whatsapp.net", "100000000000002@lid"
OUR_PHONE, OUR_LID = "15550009999:12@s.whatsapp.net", "200000000000009:12@lid"
WITHOUT_LID = {"id": "15550009999@c.us"}
BOTH = ["+15550001111", "100000000000001"]


def called(raw, me=None, **told):
    event = sample("call.received__GOWS_lid")
    told = {**event["payload"], "from": LID, "_data": raw, **told}
    found = read_delivery(encoded({**event, "me": me or event["me"], "payload": told})).content
    assert isinstance(found, Call)
    return [each.value for each in found.person.identities] if found.person else []


@pytest.mark.parametrize("side", [LID, None, GROUP, OUR_LID, OUR_PHONE])
def test_who_created_a_call_is_the_caller_by_both_addresses(side):
    assert called({"CallCreator": LID, "CallCreatorAlt": PHONE}, **{"from": side}) == BOTH


def test_the_caller_may_be_told_by_the_alternative_address():
    assert called({"CallCreator": LID, "CallCreatorAlt": PHONE}, **{"from": PHONE}) == BOTH


def test_a_group_call_may_come_from_another_than_who_created_it():
    assert called({"CallCreator": OTHER_LID, "CallCreatorAlt": OTHER, "GroupJID": GROUP}) == [LID.partition("@")[0]]


@pytest.mark.parametrize("alternative", ["", OUR_PHONE])
def test_our_own_call_is_with_whom_it_comes_from(alternative):
    assert called({"CallCreator": OUR_LID, "CallCreatorAlt": alternative}, me=WITHOUT_LID) == ["100000000000001"]


def test_our_unknown_lid_is_ours_beside_our_phone():
    raw = {"CallCreator": OUR_LID, "CallCreatorAlt": OUR_PHONE, "chatId": PHONE}
    assert called(raw, me=WITHOUT_LID, **{"from": OUR_LID}) == ["+15550001111"]


@pytest.mark.parametrize(
    ("raw", "told", "who"),
    [
        ({"chatId": OTHER_LID, "from": OTHER}, {}, ["100000000000001"]),
        ({"chatId": PHONE, "from": OTHER}, {"from": None}, ["+15550001111"]),
        ({"chatId": GROUP, "from": PHONE}, {"from": None}, ["+15550001111"]),
        ({"chatId": OUR_PHONE}, {"from": None}, []),
    ],
)
def test_the_engines_own_sides_are_asked_only_where_nobody_else_is_named(raw, told, who):
    assert called(raw, **told) == who
