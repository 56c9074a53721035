import json

import pytest

from infra.demo.scenes import SCENES
from infra.demo.script import RECORDING, write
from shared.kernel.inbound import Call, ConnectionState, InboundMessage, Label, Presence, Reaction, Receipt
from shared.providers.waha.envelope import read_delivery

FILES = sorted(RECORDING.glob("*.json"))


def scene(name: str):
    found = next(file for file in FILES if name in file.name)
    return json.loads(found.read_text(encoding="utf-8"))


def read(name: str):
    records = [each for each in scene(name)["records"] if "event" in each]
    return [read_delivery(json.dumps(each["event"]).encode()).content for each in records]


def test_the_recording_is_what_the_script_makes(tmp_path):
    assert write(tmp_path, SCENES) >= 100
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        file.name: file.read_text() for file in FILES
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_record_is_a_delivery_or_waits_for_a_reply(file):
    records = json.loads(file.read_text())["records"]
    offsets = [each["offset_seconds"] for each in records]
    assert offsets == sorted(offsets)
    assert all(("event" in each) != ("acks" in each) for each in records)
    assert all(each["after_replies"] > 0 for each in records if "acks" in each)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_delivery_can_be_read(file):
    events = [each["event"] for each in json.loads(file.read_text())["records"] if "event" in each]
    assert [read_delivery(json.dumps(event).encode()).problem for event in events] == [None] * len(events)


def test_all_three_engines_and_what_nobody_handles_are_there():
    found = read("background")
    assert {scene(name)["channel"] for name in ("burst", "lid", "voice")} == {"gows", "noweb", "webjs"}
    assert sum(isinstance(each, ConnectionState) for each in found) == 6
    assert sum(each is None for each in found) == 1
    assert {type(each) for each in found} >= {Call, Label, Presence, Reaction}


def test_the_phone_comes_after_the_lid():
    addresses = [each.chat_addresses for each in read("lid") if isinstance(each, InboundMessage)]
    assert addresses[0] == ("100000000000002@lid",)
    assert len(addresses[3]) == 2
    assert addresses[-1] == ("5521987654321@c.us",)


def test_a_receipt_comes_before_its_message_and_a_message_late():
    found = read("acks")
    early = next(each for each in found if isinstance(each, Receipt))
    owner = next(each for each in found if isinstance(each, InboundMessage) and each.from_me)
    assert early.external_ids == (owner.external_id,)
    assert found.index(early) < found.index(owner)
    times = [each.sent_at for each in found if isinstance(each, InboundMessage) and each.sent_at]
    assert times != sorted(times)


def test_the_customers_of_the_second_tenant_are_the_same():
    shared = [file.stem for file in FILES if json.loads(file.read_text())["tenants"] == ["a", "b"]]
    assert len(shared) == 5
