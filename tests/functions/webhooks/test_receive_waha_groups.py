"""What is told of groups: in any order, from any engine, twice."""

import itertools
from random import Random

import pytest

from infra.fakes.waha_events import US, Addressing, Party, make_event
from infra.fakes.waha_signs import make_group, make_participants
from tests.functions.webhooks.conftest import ANA, BIA, GROUP

SINCE = 1_790_000_000
CAIO = Party(phone="5531987650003", lid="100000000000003", name="Caio")


def shown(desk, api, tenant):
    (chat,) = api.get("/api/v1/crm/chats", as_=tenant.viewer).json["data"]
    return chat


def names(desk, ids):
    phones = "select value from contact_identities where contact_id = :id and kind = 'phone' and not is_variant"
    return sorted(desk.world.value(phones, id=each).removeprefix("+") for each in ids)


def at(minutes):
    return SINCE + 60 * minutes


def test_a_group_that_we_join_has_a_subject_and_members_with_their_roles(any_desk, api, tenant):
    about = {"subject": "Obra da sede", "description": "Só assuntos da obra"}
    members = {ANA: "superadmin", BIA: "participant", US: "participant"}
    any_desk.takes(make_group(any_desk.engine, "join", GROUP, about=about, members=members))
    chat = shown(any_desk, api, tenant)
    assert (chat["kind"], chat["subject"], chat["description"]) == ("group", about["subject"], about["description"])
    assert names(any_desk, chat["participants"]) == sorted([ANA.phone, BIA.phone])
    assert names(any_desk, chat["admins"]) == [ANA.phone]
    assert chat["left_at"] is None
    assert any_desk.deliveries() == [("kept", 1)]


def test_who_comes_goes_rises_and_falls_is_told_of_once(any_desk, api, tenant):
    told = [
        make_participants(any_desk.engine, doing, GROUP, [ANA], at=at(minute))
        for minute, doing in enumerate(("join", "promote", "demote", "leave"))
    ]
    for event in told:
        any_desk.takes(event)
        any_desk.takes({**event, "id": f"{event['id']}x"})
    names_told = [event["event_type"] for event in any_desk.world.events() if "participant" in event["event_type"]]
    assert names_told == [f"chat.participant_{what}" for what in ("added", "promoted", "demoted", "removed")]
    assert shown(any_desk, api, tenant)["participants"] == []


@pytest.mark.parametrize("seed", range(12))
def test_any_order_ends_in_the_same_group(desk, api, tenant, seed):
    events = [
        make_group(
            "GOWS", "join", GROUP, about={"subject": "Um"}, members={ANA: "admin", BIA: "participant"}, at=at(0)
        ),
        make_event("GOWS", "text", body="Oi", customer=CAIO, group=GROUP, timestamp=at(1)),
        make_participants("GOWS", "promote", GROUP, [BIA], at=at(2)),
        make_participants("GOWS", "leave", GROUP, [CAIO], at=at(3)),
        make_group("GOWS", "join", GROUP, about={"subject": "Dois"}, members={BIA: "participant"}, at=at(4)),
        make_participants("GOWS", "join", GROUP, [CAIO], at=at(5)),
        make_group("GOWS", "update", GROUP, about={"subject": "Três"}, at=at(6)),
        make_participants("GOWS", "join", GROUP, [ANA], at=at(3)),
        make_event("GOWS", "text", body="Até!", customer=ANA, group=GROUP, timestamp=at(3)),
    ]
    Random(seed).shuffle(events)
    for event in events:
        desk.takes(event)
    chat = shown(desk, api, tenant)
    assert chat["subject"] == "Três"
    assert names(desk, chat["participants"]) == sorted([BIA.phone, CAIO.phone])
    assert chat["admins"] == []


def test_whoever_speaks_takes_part_until_they_leave(any_desk, api, tenant):
    speak = make_event(any_desk.engine, "text", body="Oi", customer=ANA, group=GROUP, timestamp=at(1))
    for event in (make_participants(any_desk.engine, "leave", GROUP, [ANA], at=at(2)), speak):
        any_desk.takes(event)
    assert shown(any_desk, api, tenant)["participants"] == []
    any_desk.takes(make_event(any_desk.engine, "text", body="Voltei", customer=ANA, group=GROUP, timestamp=at(3)))
    assert names(any_desk, shown(any_desk, api, tenant)["participants"]) == [ANA.phone]


def test_members_are_the_contacts_that_they_are_elsewhere(desk, api, tenant):
    desk.hears("Oi", customer=ANA, addressing=Addressing.LID)
    desk.takes(make_participants("GOWS", "join", GROUP, [ANA], addressing=Addressing.LID_WITH_PHONE))
    desk.hears("Oi", customer=ANA)
    assert desk.count("contacts where merged_into_id is null") == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_we_come_and_go_as_was_last_told(any_desk, api, tenant, order):
    told = [
        make_group(any_desk.engine, "join", GROUP, about={"subject": "Obra"}, at=at(0)),
        make_participants(any_desk.engine, "promote", GROUP, [US], at=at(1)),
        make_group(any_desk.engine, "leave", GROUP, at=at(2)),
    ]
    for number in order:
        any_desk.takes(told[number])
    chat = shown(any_desk, api, tenant)
    assert chat["left_at"] is not None
    assert (chat["subject"], chat["participants"]) == ("Obra", [])


ADMIN = {"id": f"{ANA.phone}@s.whatsapp.net", "admin": "admin"}
OLD = [
    # The payload, how many members come with it, and whether it tells of us when they leave.
    ({"chatId": GROUP, "recipientIds": [ANA.phone_address], "type": "add"}, 1, False),
    ({"id": {"remote": GROUP, "_serialized": "x"}, "recipientIds": [ANA.phone_address]}, 1, False),
    ({"id": GROUP, "subject": "Obra", "participants": [ADMIN]}, 1, True),
    ({"JID": GROUP, "Name": "Obra"}, 0, True),
    ({"id": GROUP}, 0, True),
]


@pytest.mark.parametrize(("payload", "members", "is_about_us"), OLD)
def test_the_old_events_are_understood_in_every_shape(desk, api, tenant, payload, members, is_about_us):
    event = make_group("NOWEB", "join", GROUP)
    desk.takes({**event, "event": "group.join", "payload": {**payload, "timestamp": at(0)}})
    assert len(shown(desk, api, tenant)["participants"]) == members
    desk.takes({**event, "id": "evt_2", "event": "group.leave", "payload": {**payload, "timestamp": at(1)}})
    chat = shown(desk, api, tenant)
    assert (chat["left_at"] is not None) is is_about_us
    assert len(chat["participants"]) == (members if is_about_us else 0)
    assert desk.deliveries() == [("kept", 1), ("kept", 1)]


def test_a_large_group_is_taken_without_harm(desk, api, tenant):
    crowd = {Party(phone=f"55119{70_000_000 + n}", lid=f"3{n:014}"): "participant" for n in range(1000)}
    desk.takes(make_group("GOWS", "join", GROUP, about={"subject": "Todos"}, members=crowd, at=at(0)))
    chat = shown(desk, api, tenant)
    assert (len(chat["participants"]), chat["subject"]) == (256, "Todos")
