import re
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from types import NoneType
from typing import get_args, get_type_hints
from uuid import UUID

import pytest

from infra.catalogue import events
from shared.kernel.events import Event

# A field of one of these words would hold what belongs to a person, whatever its type.
PERSONAL = frozenset(
    (
        *("name", "names", "phone", "phones", "email", "emails", "address", "addresses", "lid", "jid", "participant"),
        *(
            "text",
            "texts",
            "body",
            "subject",
            "caption",
            "content",
            "title",
            "description",
            "note",
            "comment",
            "quoted",
        ),
        *("value", "values", "number", "birthday", "document", "url", "link", "file", "filename", "media"),
        *("location", "latitude", "longitude", "password", "secret", "token", "hash", "answer"),
    )
)
# What no person can be read from; anything else is free text until its reason stands below.
SAFE = (UUID, int, bool, datetime, StrEnum, NoneType)
WORDS_OF_OURS = {
    "bucket": "which brake of a number's pace is on",
    "changed": "names of fields, never what stands in them",
    "code": "a failure's code",
    "current": "a connection's state",
    "day": "a date of the calendar",
    "direction": "inbound or outbound",
    "events": "names of the provider's events",
    "kind": "one of an enumeration of the aggregate's model",
    "mimetype": "what kind of file it is, as its first bytes show",
    "label": "the provider's number of a label",
    "outcome": "one of an enumeration of the aggregate's model",
    "previous": "a connection's state, or a role's name",
    "qualification": "one of an enumeration of the aggregate's model",
    "reason": "a code or sentence of ours, never of a customer's",
    "role": "a role's name",
    "sender_kind": "one of an enumeration of the aggregate's model",
    "source": "one of an enumeration of the aggregate's model",
    "state": "a connection's state",
    "type": "one of an enumeration of the aggregate's model",
}
FIELDS = [
    pytest.param(event, field.name, id=f"{event.event_type}.{field.name}")
    for event in events()
    for field in fields(event)  # type: ignore[arg-type] # every event is a dataclass
]


def complaints(event: type[Event], name: str) -> list[str]:
    """Why a field of an event must not be there."""
    hint = get_type_hints(event)[name]
    words = PERSONAL & set(name.split("_")) if hint is not UUID else set()
    free = [part for part in parts(hint) if not issubclass(part, SAFE)]
    found = [f"{name} is by its name something of a person's ({', '.join(sorted(words))})"] if words else []
    if free and name not in WORDS_OF_OURS:
        found.append(f"{name} may hold anything; say in WORDS_OF_OURS why it does not")
    return found


def parts(hint):
    """The plain types a hint is made of."""
    inner = get_args(hint)
    return [part for each in inner for part in parts(each)] if inner else [hint]


@pytest.mark.parametrize(("event", "name"), FIELDS)
def test_no_event_carries_what_belongs_to_a_person(event, name):
    assert complaints(event, name) == []


def test_no_reason_is_left_over():
    assert WORDS_OF_OURS.keys() - {field.values[1] for field in FIELDS} == set()


class Leaky(Event):
    contact_id: UUID
    phone: int
    new_name: str
    facts: dict[str, str]
    reason: str


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("phone", "something of a person's (phone)"),
        ("new_name", "something of a person's (name)"),
        ("facts", "may hold anything"),
    ],
)
def test_a_leak_is_noticed(name, complaint):
    assert any(complaint in each for each in complaints(Leaky, name))
    assert complaints(Leaky, "contact_id") == complaints(Leaky, "reason") == []


@pytest.mark.parametrize("event", events(), ids=lambda event: event.event_type)
def test_an_event_is_named_as_what_happened(event):
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event.event_type)
    assert event.ordered_by is None or event.ordered_by in get_type_hints(event)
