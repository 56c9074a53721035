"""What rows of a history say was done to messages, in the shapes that WAHA's events have."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.fakes.waha_changes import edited_row, revoked_row
from infra.fakes.waha_events import Said
from shared.kernel.inbound import Edit, Revocation
from shared.providers.waha.history import read_page
from shared.providers.waha.messages import Setting

SAMPLES = Path("tests/contracts/waha")
NOW = datetime(2026, 11, 30, tzinfo=UTC)
SAID = Said(body="Oi", message_id="M1", timestamp=1_790_000_000)


def payload_of(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())["payload"]


def page(engine, row):
    return read_page([row], Setting(engine=engine), NOW)


@pytest.mark.parametrize(("engine", "target"), [("GOWS", "3AC22AE73E7976000001"), ("NOWEB", "3EB0ORIG0000000001")])
def test_a_row_of_a_revocation(engine, target):
    found = page(engine, payload_of(f"message.revoked__{engine}")["after"])
    (change,) = found.changes
    assert change == Revocation(external_id=target, at=datetime.fromtimestamp(1_783_000_000, UTC))
    assert (found.told, found.unread) == ((), ())


def test_a_row_of_an_edit_is_the_edit_that_the_webhook_tells_of():
    row = payload_of("message.edited__GOWS")
    row.pop("editedMessageId")
    (change,) = page("GOWS", row).changes
    assert isinstance(change, Edit)
    assert (change.external_id, change.text) == ("3AC22AE73E7976000001", "Hello (fixed)")
    assert change.at == datetime.fromtimestamp(1_783_000_060, UTC)


def test_webjs_tells_of_both_on_the_message_itself():
    edited = page("WEBJS", edited_row("WEBJS", SAID, "Oi!", 1_790_000_060))
    assert [each.message.text for each in edited.told] == ["Oi!"]
    assert [each.text for each in edited.changes if isinstance(each, Edit)] == ["Oi!"]
    revoked = page("WEBJS", revoked_row("WEBJS", SAID, 0))
    assert [each.message.external_id for each in revoked.told] == ["M1"]
    assert revoked.changes == (Revocation(external_id="M1", at=NOW),)


@pytest.mark.parametrize("engine", ["WPP", None])
def test_of_other_engines_nobody_knows_how_they_tell_it(engine):
    assert page(engine, revoked_row("WEBJS", SAID, 0)).changes == ()
    assert page(engine, edited_row("WEBJS", SAID, "Oi!", 1_790_000_060)).changes == ()
