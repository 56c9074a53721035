"""What is told of groups, one difference of the engines at a time."""

from typing import Any

import pytest

from shared.kernel.inbound import GroupChange
from shared.providers.waha.envelope import read_delivery
from tests.shared.providers.waha.samples import encoded, sample

LID, GROUP = "100000000000001@lid", "120363000000000001@g.us"


def read(name: str, engine: str = "GOWS", **told: Any) -> GroupChange:
    event = {**sample(name), "engine": engine}
    found = read_delivery(encoded({**event, "payload": {**event["payload"], **told}})).content
    assert isinstance(found, GroupChange)
    return found


@pytest.mark.parametrize(
    ("doing", "told", "role"),
    [
        ("demote", "admin", "participant"),
        ("demote", "superadmin", "participant"),
        ("promote", "participant", "admin"),
        ("join", "admin", "admin"),
        ("leave", "left", None),
    ],
)
def test_who_rose_or_fell_is_what_they_became(doing, told, role):
    (member,) = read("group.v2.participants__GOWS_join", type=doing, participants=[{"id": LID, "role": told}]).members
    assert member.role == role


@pytest.mark.parametrize(
    ("name", "engine", "told", "description"),
    [
        ("group.v2.update__docs", "GOWS", {"description": ""}, ""),
        ("group.v2.update__docs", "NOWEB", {"description": ""}, ""),
        ("group.v2.update__docs", "GOWS", {"description": None}, None),
        ("group.v2.update__docs", "GOWS", {"subject": "Obra"}, None),
        ("group.v2.update__docs", "WEBJS", {"description": ""}, None),
        ("group.v2.join__docs", "GOWS", {"description": ""}, None),
    ],
)
def test_an_empty_description_was_removed_where_only_changes_are_told(name, engine, told, description):
    assert read(name, engine, group={"id": GROUP, **told}).description == description
