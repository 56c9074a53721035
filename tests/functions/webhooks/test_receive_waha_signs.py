"""Calls, presence, labels, chats put away, names: before their chat or contact is known, after it, in any order."""

import itertools

import pytest

from infra.fakes.waha_events import Addressing, make_event
from infra.fakes.waha_signs import make_archive, make_call, make_chat_label, make_label, make_presence
from tests.functions.webhooks.conftest import ANA, BIA, GROUP

SINCE = 1_790_000_000
STAGES = ("received", "accepted", "rejected")


def hears(desk, after=0, **said):
    return make_event(desk.engine, "text", body="Oi", **{"customer": ANA, "timestamp": SINCE + after, **said})


def call(desk, stage, after=0, **facts):
    return make_call(desk.engine, stage, **{"caller": ANA, "call": "CALL1", "at": SINCE + after, **facts})


def chat(api, tenant):
    (found,) = api.get("/api/v1/crm/chats", as_=tenant.viewer).json["data"]
    return found


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_call_that_was_taken_is_accepted_whatever_is_said_of_its_end(any_desk, order):
    for number in order:
        any_desk.takes(call(any_desk, STAGES[number], after=number * 10))
    (row,) = any_desk.world.rows("select * from calls")
    assert row["status"] == "accepted"
    assert all(row[f"{stage}_at"] for stage in STAGES)
    told = [event["event_type"] for event in any_desk.world.events()]
    assert sorted(told) == [f"channel.call_{stage}" for stage in sorted(STAGES)]
    assert any_desk.count("contacts") == 0


def test_a_call_that_nobody_took_is_rejected_and_told_of_once(any_desk):
    for event in (call(any_desk, "received"), call(any_desk, "rejected", after=30)):
        any_desk.takes(event)
        any_desk.takes({**event, "id": f"{event['id']}x"})
    assert any_desk.world.value("select status from calls") == "rejected"
    assert len(any_desk.world.events()) == 2


@pytest.mark.parametrize("is_before", [False, True])
@pytest.mark.parametrize("addressing", list(Addressing))
def test_a_call_is_its_contacts_whenever_the_contact_is_known(desk, is_before, addressing):
    events = [hears(desk, addressing=Addressing.LID_WITH_PHONE), call(desk, "received", addressing=addressing)]
    for event in reversed(events) if is_before else events:
        desk.takes(event)
    (row,) = desk.world.rows("select * from calls")
    assert row["contact_id"] == desk.world.value("select id from contacts")
    assert (row["caller_kind"], row["caller_value"]) == (None, None)


def test_the_caller_whom_somebody_enters_by_hand_has_called(desk, api, tenant):
    desk.takes(call(desk, "received"))
    made = api.post("/api/v1/crm/contacts", {"name": "Ana", "phone": f"+{ANA.phone}"}, as_=tenant.agent)
    assert made.status_code == 201, made.text
    assert desk.world.value("select contact_id from calls") == made.json["id"]


def test_a_call_stands_in_the_timeline_of_the_contact(desk, api, tenant, world):
    desk.takes(hears(desk))
    desk.takes(call(desk, "received", after=5))
    desk.takes(call(desk, "rejected", after=35))
    world.drain()
    contact = desk.world.value("select id from contacts")
    events = api.get(f"/api/v1/crm/contacts/{contact}/events", as_=tenant.viewer).json["data"]
    assert {"channel.call_received", "channel.call_rejected"} <= {event["type"] for event in events}


def test_presence_is_kept_as_it_is_now_and_told_of_when_it_turns(any_desk, api, tenant):
    any_desk.takes(hears(any_desk))
    states = ("typing", "recording", "paused", "online", "offline", "offline", "online")
    for second, state in enumerate(states):
        any_desk.takes(make_presence(any_desk.engine, state, party=ANA, at=SINCE + second))
    any_desk.takes(make_presence(any_desk.engine, "offline", party=ANA, at=SINCE + 2))
    assert any_desk.count("presences") == 1
    turns = [event["data"]["is_online"] for event in any_desk.world.events("contact.presence_changed")]
    assert turns == [True, False, True]
    contact = any_desk.world.value("select id from contacts")
    stats = api.get(f"/api/v1/crm/contacts/{contact}/stats", as_=tenant.viewer).json
    assert stats["presence"] == "online"
    assert stats["last_seen_at"] is not None


@pytest.mark.parametrize("is_late", [False, True])
def test_when_somebody_was_last_seen_does_not_depend_on_what_came_first(desk, is_late):
    events = [
        make_presence("GOWS", state, party=ANA, at=SINCE + second) for second, state in ((0, "offline"), (9, "online"))
    ]
    for event in reversed(events) if is_late else events:
        desk.takes(event)
    (row,) = desk.world.rows("select state, extract(epoch from last_seen_at)::int as seen from presences")
    assert row == {"state": "online", "seen": SINCE}


def test_presence_of_a_stranger_is_kept_for_when_they_write(desk, api, tenant):
    desk.takes(make_presence("GOWS", "typing", party=ANA, chat=GROUP, addressing=Addressing.LID))
    assert (desk.count("contacts"), desk.world.events()) == (0, [])
    desk.takes(hears(desk, addressing=Addressing.LID_WITH_PHONE))
    contact = desk.world.value("select id from contacts")
    assert api.get(f"/api/v1/crm/contacts/{contact}/stats", as_=tenant.viewer).json["presence"] == "typing"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_chat_is_put_away_as_was_last_said(open_desk, api, tenant, order):
    desk = open_desk("WEBJS")
    events = [
        hears(desk),
        make_archive(ANA.phone_address, archived=True, at=SINCE + 10),
        make_archive(ANA.phone_address, archived=False, at=SINCE + 20),
    ]
    for number in order:
        desk.takes(events[number])
    assert chat(api, tenant)["status"] == "active"
    desk.takes({**make_archive(ANA.phone_address, archived=True, at=SINCE + 30), "event": "chat.archived"})
    assert chat(api, tenant)["status"] == "archived"
    assert desk.count("early_events") == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_chat_has_the_labels_that_were_last_put_on_it(desk, api, tenant, order):
    events = [
        hears(desk),
        make_label("GOWS", "upsert", "6", "Cliente", at=SINCE + 1),
        make_chat_label("GOWS", "added", "6", ANA.phone_address, at=SINCE + 2),
        make_chat_label("GOWS", "added", "7", ANA.phone_address, at=SINCE + 3),
    ]
    for number in order:
        desk.takes(events[number])
    desk.takes(make_chat_label("GOWS", "deleted", "7", ANA.phone_address, at=SINCE + 4))
    desk.takes(make_chat_label("GOWS", "added", "7", ANA.phone_address, at=SINCE + 2))
    assert [(each["label"], each["name"]) for each in chat(api, tenant)["labels"]] == [("6", "Cliente")]
    assert desk.count("early_events") == 0


def test_labels_of_a_channel_are_renamed_and_forgotten(desk, api, tenant):
    desk.takes(hears(desk))
    desk.takes(make_chat_label("GOWS", "added", "6", ANA.phone_address, at=SINCE + 1))
    assert chat(api, tenant)["labels"] == [{"label": "6", "name": None, "color": None}]
    desk.takes(make_label("GOWS", "upsert", "6", "VIP", at=SINCE + 3))
    desk.takes(make_label("GOWS", "upsert", "6", "Cliente", at=SINCE + 2))
    assert [each["name"] for each in chat(api, tenant)["labels"]] == ["VIP"]
    desk.takes(make_label("GOWS", "deleted", "6", at=SINCE + 4))
    assert chat(api, tenant)["labels"] == []
    told = [event["event_type"] for event in desk.world.events() if "label" in event["event_type"]]
    assert told == ["chat.label_added", "channel.label_upserted", "channel.label_deleted"]


def test_a_chat_that_somebody_opens_here_finds_what_waited_for_it(desk, api, tenant):
    desk.takes(make_chat_label("GOWS", "added", "6", ANA.phone_address))
    contact = api.post("/api/v1/crm/contacts", {"name": "Ana", "phone": f"+{ANA.phone}"}, as_=tenant.agent).json["id"]
    told = {"contact_id": contact, "channel_id": str(desk.channel.id), "text": "Oi"}
    assert api.post("/api/v1/crm/messages", told, as_=tenant.agent).status_code == 201
    assert [each["label"] for each in chat(api, tenant)["labels"]] == ["6"]


def test_a_name_is_taken_when_nobody_is_called_anything_yet(desk, api, tenant):
    desk.takes(hears(desk, customer=BIA))
    desk.world.run("update contacts set name = '' where tenant_id = :id", id=tenant.tenant_id)
    for number, name in enumerate(("Bia", "Beatriz")):
        changed = {**hears(desk), "id": f"evt_{number}", "event": "contact.changed"}
        desk.takes({**changed, "payload": {"id": BIA.phone_address, "pushName": name}})
    assert desk.world.value("select name from contacts") == "Bia"
    desk.takes({**hears(desk), "event": "contact.changed", "payload": {"id": ANA.phone_address, "name": "Ana"}})
    assert desk.count("contacts") == 1


@pytest.mark.parametrize(
    ("payload", "connection"),
    [
        (dict(enumerate("CONNECTED")), "working"),
        ({"connection": "close"}, "stopped"),
        ({"state": "UNPAIRED"}, "scan_qr_code"),
    ],
)
def test_an_engines_own_state_is_the_channels_connection(open_desk, payload, connection):
    desk = open_desk("WEBJS")
    event = {**hears(desk), "event": "state.change"}
    desk.takes({**event, "payload": {str(key): value for key, value in payload.items()}})
    assert desk.world.value("select connection from channels") == connection


def test_an_engines_state_that_says_nothing_is_kept_raw(desk):
    desk.takes({**hears(desk), "event": "state.change", "payload": {}})
    assert desk.deliveries() == [("unhandled", 1)]
    assert desk.world.value("select connection from channels") == "unknown"
