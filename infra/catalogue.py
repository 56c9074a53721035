"""`infra events`: the catalogue of events, for those who consume them: a page, and a JSON Schema for each."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import groupby

from infra import generated, manifest
from infra.documents.schemas import Generator, Json
from infra.environment import ROOT
from shared.kernel.events import ENVELOPE, Event
from shared.runtime.consume import Consumer
from shared.runtime.declarations import Declaration
from shared.runtime.identity import ActorType
from shared.runtime.outbox import EVENT_VERSION
from shared.runtime.parsing import adapter

FOLDER = ROOT / "infra/events"
PAGE = "catalogue.md"
UUID = {"type": "string", "format": "uuid"}
MAYBE_UUID = {"type": ["string", "null"], "format": "uuid"}
INTRODUCTION = f"""\
# Events

What happened, in the past tense. Each is published on the topic named after what stands before its dot, in an
envelope of {len(ENVELOPE)} fields; `data` holds its payload: ids and facts about change, never what somebody wrote,
nor names, phones or addresses. Delivery is at least once: `event_id` tells a repetition. Events of one key come in
order to consumers that ask for it; the key is the aggregate's id unless another field is named.

This page is made by `python3 -m infra events`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    generated.add_check(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        fresh = files(events(), manifest.declarations())
    except manifest.ManifestError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.check:
        return generated.verdict(FOLDER, generated.differences(committed(), fresh), "events")
    write(fresh)
    print(f"{generated.shown(FOLDER)}: {len(fresh) - 1} events")
    return 0


def events() -> list[type[Event]]:
    """Import every events.py below shared/ and return what they declare, sorted by name."""
    for file in sorted((ROOT / "shared").rglob("events.py")):
        import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    ours = (event for event in Event.catalogue.values() if event.__module__.startswith("shared."))
    return sorted(ours, key=lambda event: event.event_type)


def files(known: Iterable[type[Event]], declared: Iterable[Declaration]) -> dict[str, str]:
    """Write every file of the catalogue in memory: its text by its path below the folder."""
    known = list(known)
    consumers = [each for each in declared if isinstance(each, Consumer)]
    schemas = {schema_path(event): json.dumps(schema(event), indent=2) + "\n" for event in known}
    return {PAGE: "\n".join((INTRODUCTION, *tables(known, consumers))), **schemas}


def schema_path(event: type[Event]) -> str:
    return f"schemas/{event.event_type}.json"


def schema(event: type[Event]) -> Json:
    """The whole message as a consumer gets it: the envelope with this event's payload in `data`."""
    data = payload(event)
    shared = {"$defs": data.pop("$defs")} if "$defs" in data else {}
    properties = envelope(event.event_type) | {"data": data}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ventros:event:{event.event_type}:{EVENT_VERSION}",
        "title": event.event_type,
        **({"description": said} if (said := description(event)) else {}),
        "type": "object",
        "required": sorted(properties),
        "properties": properties,
        **shared,
    }


def payload(event: type[Event]) -> Json:
    described = adapter(event).json_schema(mode="serialization", schema_generator=Generator)
    return {"properties": {}, **{key: value for key, value in described.items() if key not in {"title", "description"}}}


def envelope(event_type: str) -> Json:
    actor = {
        "type": "object",
        "required": ["type", "id"],
        "properties": {"type": {"enum": [each.value for each in ActorType]}, "id": MAYBE_UUID},
    }
    return {
        "event_id": UUID,
        "event_type": {"const": event_type},
        "event_version": {"const": EVENT_VERSION},
        "occurred_at": {"type": "string", "format": "date-time"},
        "tenant_id": UUID,
        "project_id": MAYBE_UUID,
        "aggregate_type": {"type": "string"},
        "aggregate_id": UUID,
        "aggregate_version": {"type": "integer"},
        "correlation_id": {"type": ["string", "null"]},
        "causation_id": {"type": ["string", "null"]},
        "actor": actor,
    }


def description(event: type[Event]) -> str:
    """What the author says of an event; of one without a docstring its name stands there, which says nothing."""
    text = event.__dict__.get("__doc__") or ""
    return "" if text == event.__name__ else " ".join(text.split())


def tables(known: list[type[Event]], consumers: list[Consumer]) -> Iterator[str]:
    for topic, group in groupby(known, key=lambda event: event.topic()):
        yield f"## {topic}\n"
        yield "| event | payload | ordered by | consumed by |"
        yield "| --- | --- | --- | --- |"
        yield from (row(event, consumers) for event in group)
        yield ""


def row(event: type[Event], consumers: list[Consumer]) -> str:
    fields = payload(event)["properties"].items()
    cells = (
        f"[`{event.event_type}`]({schema_path(event)})",
        ", ".join(f"`{name}` {kind(field)}" for name, field in fields) or "-",
        f"`{event.ordered_by}`" if event.ordered_by else "its aggregate",
        ", ".join(f"`{each.name}`{' in order' if each.ordered else ''}" for each in consumers if event in each.events)
        or "-",
    )
    return f"| {' | '.join(cells)} |"


def kind(field: Json) -> str:
    """A word or two for a field's type, for people."""
    if "anyOf" in field:
        plain = [each for each in field["anyOf"] if each != {"type": "null"}]
        return f"{' or '.join(map(kind, plain))}{'?' if len(plain) < len(field['anyOf']) else ''}"
    if field.get("type") == "array":
        return f"{kind(field.get('items', {}))}[]"
    return str(field.get("format") or field.get("type") or field.get("$ref", "any").rpartition("/")[2])


def committed() -> dict[str, str]:
    found = sorted(file for file in FOLDER.rglob("*") if file.is_file())
    return {file.relative_to(FOLDER).as_posix(): file.read_text() for file in found}


def write(fresh: dict[str, str]) -> None:
    """Write the catalogue; a schema whose event is gone goes too."""
    for name in committed().keys() - fresh.keys():
        (FOLDER / name).unlink()
    for name, text in fresh.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text)
