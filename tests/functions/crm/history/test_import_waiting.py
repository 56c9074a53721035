"""What came before its chat or its message was known, and waits for it, is served when the history brings it."""

import pytest

from infra.fakes.waha_changes import make_edit, make_reaction, make_revocation
from infra.fakes.waha_events import Addressing, envelope, payload
from infra.fakes.waha_signs import make_archive, make_chat_label
from tests.support.shop import ANA

DAY = 86_400
AGO = 5 * DAY


def deliver(past, event):
    assert past.shop.channel.deliver(event).status_code == 200


def announce(past, said):
    """The webhook says that a message came which cannot be read yet."""
    told = payload("GOWS", said) | {"body": None, "_data": {**payload("GOWS", said)["_data"], "Message": None}}
    deliver(past, envelope("GOWS", "message.waiting", "s", told))


@pytest.mark.parametrize("addressing", [Addressing.PHONE, Addressing.LID])
def test_a_chat_has_the_labels_and_the_place_that_waited_for_it(small, world, addressing):
    """Also those that were told of its hidden id, which the server's list resolves."""
    small.archive.phones[ANA.lid] = ANA.phone
    said = small.keeps("oi", AGO, addressing=addressing)
    deliver(small, make_chat_label("GOWS", "added", "6", said.chat_address))
    deliver(small, make_archive(said.chat_address, archived=True))
    assert small.count("early_events") == 2
    small.fetches()
    assert world.rows("select label, is_on from chat_labels") == [{"label": "6", "is_on": True}]
    assert small.count("chats where status = 'archived'") == 1
    assert small.count("early_events") == 0


def test_a_message_has_what_followed_upon_it_before_it_was_known(small, world):
    said = small.keeps("Oi", AGO)
    at = said.timestamp
    deliver(small, make_edit("GOWS", said.message_id, "Oi!", customer=ANA, timestamp=at + 60))
    deliver(small, make_reaction("GOWS", said.message_id, "👍", theirs=True, from_me=True, customer=ANA))
    deliver(small, make_revocation("GOWS", said.message_id, customer=ANA, timestamp=at + 90))
    small.fetches()
    rows = world.rows("select text, revoked_at is not null as revoked, edited_at is not null as edited from messages")
    assert rows == [{"text": "Oi!", "revoked": True, "edited": True}]
    assert [row["text"] for row in world.rows("select text from message_revisions")] == ["Oi"]
    assert [row["value"] for row in world.rows("select value from message_reactions")] == ["👍"]
    assert small.count("early_events") == 0


def test_a_placeholder_is_filled_and_nobody_answers_or_is_told_of_it_as_new(small, world):
    first = small.keeps("pergunta", AGO)
    said = small.keeps("Oi", AGO - 60, reply_to=first.message_id)
    announce(small, said)
    deliver(small, make_edit("GOWS", said.message_id, "Oi!", customer=ANA, timestamp=said.timestamp + 60))
    assert small.count("messages where is_placeholder") == 1
    small.fetches()
    filled = world.rows("""
        select m.text, m.type, m.is_placeholder, q.text as quoted from messages m
        join messages q on q.id = m.quoted_message_id""")
    assert filled == [{"text": "Oi!", "type": "text", "is_placeholder": False, "quoted": "pergunta"}]
    assert [row["text"] for row in world.rows("select text from message_revisions")] == ["Oi"]
    assert (small.count("early_events"), small.count("message_groups")) == (0, 0)
    assert world.events("message.created") == []
    imported = [each for event in world.events("message.imported") for each in event["data"]["message_ids"]]
    assert sorted(imported) == sorted(str(row["id"]) for row in world.rows("select id from messages"))


def test_a_placeholder_that_the_provider_cannot_read_either_waits_on(small, world):
    said = small.keeps("Oi", AGO)
    announce(small, said)
    small.archive._chats.clear()
    small.fetches()
    assert small.count("messages where is_placeholder") == 1


def test_what_is_filled_once_stays_as_it_is(small, world):
    announce(small, small.keeps("Oi", AGO))
    small.fetches()
    before = world.rows("select * from messages")
    world.run("update channels set history_read_until = null")
    small.fetches()
    assert world.rows("select * from messages") == before
