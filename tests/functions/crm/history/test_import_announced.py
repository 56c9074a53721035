"""A message that was only announced is filled when its history is read, and then has what waited for that."""

import pytest

from infra.fakes.waha_changes import make_edit, make_reaction, make_revocation
from infra.fakes.waha_events import envelope, make_event, payload
from tests.functions.crm.history.conftest import DAY
from tests.support.shop import ANA

AGO = 5 * DAY


def delivers(past, event):
    assert past.shop.channel.deliver(event).status_code == 200


@pytest.fixture
def announced(small, world):
    """Of Ana's answer only the announcement came: not what it says."""
    first = small.keeps("pergunta", AGO + 60, from_me=True)
    delivers(small, envelope("GOWS", "message.any", "s", payload("GOWS", first)))
    said = small.keeps("resposta", AGO, reply_to=first.message_id)
    told = payload("GOWS", said) | {"body": None}
    delivers(small, envelope("GOWS", "message.waiting", "s", told))
    assert small.count("messages where is_placeholder") == 1
    small.said, small.at = said, int(world.now().timestamp()) - AGO
    return small


def reads(past):
    past.asks("reconcile", days=10)
    past.works()
    rows = past.shop.world.rows("select * from messages where external_id = :id", id=past.said.message_id)
    assert not rows[0]["is_placeholder"]
    assert past.count("early_events") == 0
    return rows[0]


def test_an_edit_that_waited_is_what_it_says(announced, world):
    edit = make_edit("GOWS", announced.said.message_id, "corrigida", customer=ANA, timestamp=announced.at + 60)
    delivers(announced, edit)
    assert announced.count("early_events") == 1
    assert reads(announced)["text"] == "corrigida"
    assert world.rows("select text from message_revisions") == [{"text": "resposta"}]


def test_a_revocation_that_waited_takes_it_back(announced):
    delivers(announced, make_revocation("GOWS", announced.said.message_id, customer=ANA, timestamp=announced.at + 60))
    assert reads(announced)["revoked_at"] is not None


def test_a_reaction_that_waited_is_there(announced, world):
    told = {"customer": ANA, "timestamp": announced.at + 60}
    delivers(announced, make_reaction("GOWS", announced.said.message_id, "👍", theirs=True, **told))
    message = reads(announced)
    assert world.rows("select message_id, value from message_reactions") == [
        {"message_id": message["id"], "value": "👍"}
    ]


def test_what_it_quotes_is_known(announced, world):
    first = world.value("select id from messages where direction = 'outbound'")
    world.run("update messages set quoted_message_id = null, quoted_external_id = null")
    assert reads(announced)["quoted_message_id"] == str(first)


def test_who_quoted_it_is_known(announced, world):
    at = announced.at + 120
    told = {"customer": ANA, "reply_to": announced.said.message_id, "timestamp": at, "message_id": "IDLATER"}
    delivers(announced, make_event("GOWS", "text", body="mais", **told))
    world.run("update messages set quoted_message_id = null")
    message = reads(announced)
    later = world.value("select quoted_message_id from messages where external_id = 'IDLATER'")
    assert str(later) == message["id"]
