import json
from argparse import Namespace
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from infra import catalogue, manifest
from shared.kernel.aggregate import Aggregate
from shared.kernel.events import ENVELOPE, Event
from shared.kernel.ids import uuid7
from shared.runtime.outbox import Outgoing
from tests.infra.samples.parcels import ParcelLost, ParcelOpened
from tests.support.world import World

SHOP = "tests.infra.samples.shop"


@pytest.fixture(scope="module")
def fresh():
    return catalogue.files([ParcelLost, ParcelOpened], manifest.declarations(SHOP))


def test_every_event_of_the_house_is_known():
    known = catalogue.events()
    assert {event.event_type for event in known} >= {"contact.created", "message.created", "message_group.completed"}
    assert known == sorted(known, key=lambda event: event.event_type)
    assert ParcelLost not in known


def test_the_page_says_what_an_event_carries_who_consumes_it_and_in_which_order(fresh):
    lines = fresh["catalogue.md"].splitlines()
    assert "## parcel" in lines
    assert (
        "| [`parcel.opened`](schemas/parcel.opened.json) | `parcel_id` uuid, `shelf_id` uuid, `size` string "
        "| `shelf_id` | `count_parcel` in order |"
    ) in lines
    assert (
        "| [`parcel.lost`](schemas/parcel.lost.json) | `parcel_id` uuid, `seen_at` date-time? "
        "| its aggregate | `count_parcel` in order |"
    ) in lines


def test_a_schema_describes_the_whole_envelope(fresh):
    schema = json.loads(fresh["schemas/parcel.lost.json"])
    Draft202012Validator.check_schema(schema)
    assert schema["properties"].keys() == ENVELOPE
    assert schema["required"] == sorted(ENVELOPE)
    assert schema["description"] == "Nobody knows where it is."
    assert "description" not in json.loads(fresh["schemas/parcel.opened.json"])


@pytest.mark.parametrize("event", catalogue.events(), ids=lambda event: event.event_type)
def test_every_schema_is_one(event):
    schema = catalogue.schema(event)
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["event_type"] == {"const": event.event_type}


@dataclass(eq=False, kw_only=True)
class Parcel(Aggregate):
    aggregate_type: ClassVar[str] = "parcel"
    id: UUID
    tenant_id: UUID
    version: int = 1


def published(world: World, event: Event):
    """The message as it leaves the outbox."""
    parcel = Parcel(id=uuid7(), tenant_id=uuid7())
    parcel.record(event)
    outgoing = Outgoing(tenant_id=parcel.tenant_id)
    outgoing.collect([parcel])
    world.admin.run(*outgoing.statements())
    return world.events()[0]


@pytest.mark.parametrize("seen_at", [None, datetime(2026, 3, 10, 14, 5, tzinfo=UTC)])
def test_what_is_published_fits_its_schema(fresh, world, seen_at):
    schema = json.loads(fresh["schemas/parcel.lost.json"])
    message = published(world, ParcelLost(parcel_id=uuid7(), seen_at=seen_at))
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(message)
    assert message.keys() == ENVELOPE


def test_what_was_written_passes_the_check_and_what_is_gone_goes(tmp_path, monkeypatch, capsys):
    found = manifest.declarations(SHOP)
    monkeypatch.setattr(manifest, "declarations", lambda: found)
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    monkeypatch.setattr(catalogue, "events", lambda: [ParcelLost, ParcelOpened])
    assert catalogue.run(Namespace(check=True)) == 1
    assert "schemas/parcel.lost.json is not in it" in capsys.readouterr().err
    assert catalogue.run(Namespace(check=False)) == 0
    assert catalogue.run(Namespace(check=True)) == 0
    monkeypatch.setattr(catalogue, "events", lambda: [ParcelOpened])
    assert catalogue.run(Namespace(check=True)) == 1
    said = capsys.readouterr().err
    assert "schemas/parcel.lost.json is in it but no longer declared" in said
    assert "catalogue.md differs" in said
    catalogue.run(Namespace(check=False))
    assert not (tmp_path / "schemas/parcel.lost.json").exists()
    assert catalogue.run(Namespace(check=True)) == 0
