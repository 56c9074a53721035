"""What is told of groups, one difference of the engines at a time."""

from typing import Any

import pytest

from shared.kernel.inbound import GroupChange
from shared.providers.waha.envelope import read_delivery
from tests.shared.providers.waha.samples import encoded, sample

LID = "100000000000001@lid"


def read(name: str, **told: Any) -> GroupChange:
    event = sample(name)
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
