"""What was edited or taken back while nobody listened is found in the history, once, and never undone."""

from dataclasses import replace

import pytest

from infra.fakes.waha_changes import edited_row, make_edit, make_revocation, revoked_row
from infra.fakes.waha_events import Said, envelope, payload
from infra.fakes.waha_history import Kept, KeptChat
from tests.functions.crm.history.conftest import DAY, ENGINES
from tests.support.shop import ANA

AGO = 2 * DAY


@pytest.fixture(params=ENGINES)
def knowing(request, open_past, world):
    """A shop to which one message was delivered, which its WAHA remembers too."""
    past = open_past(request.param, chats=1, messages=1)
    past.archive._chats.clear()
    past.engine = request.param
    past.said = Said(body="Oi", customer=ANA, message_id="M1", timestamp=int(world.now().timestamp()) - AGO)
    past.archive.add(Kept(said=past.said, ack=2))
    return past


def hears(past):
    told = envelope(past.engine, "message.any", "s", payload(past.engine, past.said))
    assert past.shop.channel.deliver(told).status_code == 200
    past.shop.world.drain()


def edits(past, body, after=60):
    past.archive.change(edited_row(past.engine, past.said, body, past.said.timestamp + after), past.said)


def revokes(past, after=90):
    past.archive.change(revoked_row(past.engine, past.said, past.said.timestamp + after), past.said)


def compares(past):
    past.asks("reconcile", days=7)
    past.works()


def message(world):
    (row,) = world.rows(
        "select text, revoked_at is not null as revoked, edited_at is not null as edited, version from messages"
    )
    return row


def told(world, name):
    return len(world.events(name))


def revisions(world):
    return [row["text"] for row in world.rows("select text from message_revisions order by stamp")]


@pytest.mark.parametrize("verb", ["reconcile", "import-history"])
def test_an_edit_that_was_missed_is_made_once(knowing, world, verb):
    hears(knowing)
    edits(knowing, "Oi!")
    for _ in range(2):
        knowing.asks(verb)
        knowing.works()
        assert message(world) == {"text": "Oi!", "revoked": False, "edited": True, "version": 2}
    assert revisions(world) == ["Oi"]
    assert told(world, "message.edited") == 1


def test_a_revocation_that_was_missed_is_noted_once_and_the_words_stay(knowing, world):
    hears(knowing)
    revokes(knowing)
    for _ in range(2):
        compares(knowing)
    assert message(world) == {"text": "Oi", "revoked": True, "edited": False, "version": 2}
    assert told(world, "message.revoked") == 1
    assert knowing.count("messages") == 1


def test_what_was_heard_live_is_not_told_again(knowing, world):
    hears(knowing)
    at = knowing.said.timestamp
    for event in (
        make_edit(knowing.engine, "M1", "Oi!", timestamp=at + 60, customer=ANA),
        make_revocation(knowing.engine, "M1", timestamp=at + 90, customer=ANA),
    ):
        assert knowing.shop.channel.deliver(event).status_code == 200
    before = world.rows("select * from messages")
    edits(knowing, "Oi!")
    compares(knowing)
    revokes(knowing)
    compares(knowing)
    assert world.rows("select * from messages") == before
    assert (told(world, "message.edited"), told(world, "message.revoked")) == (1, 1)


def test_what_we_know_is_newer_stays(knowing, world):
    hears(knowing)
    newer = make_edit(knowing.engine, "M1", "Olá!", customer=ANA, timestamp=knowing.said.timestamp + 600)
    assert knowing.shop.channel.deliver(newer).status_code == 200
    edits(knowing, "Oi!", after=60)
    for _ in range(2):
        compares(knowing)
    assert message(world)["text"] == "Olá!"
    assert sorted(revisions(world)) == ["Oi", "Oi!"]
    assert told(world, "message.edited") == 1


def test_a_revocation_is_never_undone(knowing, world):
    hears(knowing)
    gone = make_revocation(knowing.engine, "M1", customer=ANA, timestamp=knowing.said.timestamp + 60)
    assert knowing.shop.channel.deliver(gone).status_code == 200
    compares(knowing)
    assert message(world)["revoked"]


def test_what_is_new_here_comes_as_it_is_now_and_nobody_is_told_of_each(knowing, world):
    edits(knowing, "Oi!")
    compares(knowing)
    revokes(knowing)
    world.run("update history_runs set since = since - interval '1 day'")
    compares(knowing)
    assert message(world)["text"] == "Oi!"
    assert message(world)["revoked"]
    assert (told(world, "message.edited"), told(world, "message.created")) == (0, 0)


@pytest.mark.parametrize("knowing", ["WEBJS"], indirect=True)
def test_what_is_taken_back_is_not_answered(knowing, world):
    knowing.archive._chats.clear()
    said = Said(body="Oi", customer=ANA, message_id="M2", timestamp=int(world.now().timestamp()) - 60)
    knowing.archive.add(Kept(said=said, ack=2, row=revoked_row("WEBJS", said, said.timestamp)))
    knowing.asks("reconcile", days=7)
    world.drain()
    assert message(world) == {"text": None, "revoked": True, "edited": False, "version": 1}
    assert knowing.count("message_groups") == 0


@pytest.mark.parametrize("knowing", ["GOWS"], indirect=True)
def test_a_change_waits_for_a_message_that_comes_later(knowing, world):
    revokes(knowing)
    (chat,) = knowing.archive._chats.values()
    chat.rows.pop(0)
    compares(knowing)
    assert (knowing.count("messages"), knowing.count("early_events")) == (0, 1)
    hears(knowing)
    assert message(world)["revoked"]


@pytest.mark.parametrize("knowing", ["GOWS", "NOWEB"], indirect=True)
@pytest.mark.parametrize("told_first", ["changes", "message"])
def test_a_change_finds_a_message_that_the_chats_other_address_tells_of(knowing, world, told_first):
    """A person may be listed by phone and by a hidden id, and both are read in one step."""
    edits(knowing, "Oi!")
    revokes(knowing)
    by_phone = knowing.archive._chats[knowing.said.chat_address]
    hidden = KeptChat(id=f"{ANA.lid}@lid", rows=by_phone.rows[1:] if told_first == "changes" else by_phone.rows[:1])
    by_phone.rows = [row for row in by_phone.rows if row not in hidden.rows]
    knowing.archive._chats[hidden.id] = hidden
    for _ in range(2):
        compares(knowing)
        assert message(world) == {"text": "Oi!", "revoked": True, "edited": True, "version": 1}
        assert knowing.count("early_events") == 0
    assert revisions(world) == ["Oi"]
    (imported,) = world.events("message.imported")
    assert len(imported["data"]["message_ids"]) == 1


@pytest.mark.parametrize("knowing", ["GOWS", "NOWEB"], indirect=True)
def test_a_change_that_both_addresses_tell_of_leaves_nothing_behind(knowing, world):
    edits(knowing, "Oi!")
    revokes(knowing)
    hidden = f"{ANA.lid}@lid"
    knowing.archive._chats[hidden] = KeptChat(id=hidden, rows=[*knowing.archive._chats[knowing.said.chat_address].rows])
    compares(knowing)
    assert message(world) == {"text": "Oi!", "revoked": True, "edited": True, "version": 1}
    assert revisions(world) == ["Oi"]
    assert knowing.count("early_events") == 0


@pytest.mark.parametrize("knowing", ["WEBJS"], indirect=True)
def test_a_phone_whose_clock_is_wrong_has_no_last_word(knowing, world):
    hears(knowing)
    edits(knowing, "Oi!", after=3650 * DAY)
    compares(knowing)
    assert world.value("select edited_at <= clock_timestamp() from messages") is True


@pytest.mark.parametrize("knowing", ["WEBJS"], indirect=True)
def test_a_row_without_words_takes_none_away(knowing, world):
    hears(knowing)
    edits(knowing, "")
    compares(knowing)
    assert message(world) == {"text": "Oi", "revoked": False, "edited": False, "version": 1}


@pytest.mark.parametrize("knowing", ["WEBJS"], indirect=True)
def test_a_row_of_the_revocations_own_is_no_message(knowing, world):
    """WEBJS may keep what is left of a message under an id of its own."""
    hears(knowing)
    key = {"_serialized": knowing.said.id, "id": "M1"}
    row = revoked_row("WEBJS", replace(knowing.said, message_id="M9"), knowing.said.timestamp)
    knowing.archive.change(row | {"_data": row["_data"] | {"protocolMessageKey": key}}, knowing.said)
    compares(knowing)
    assert message(world)["revoked"]


@pytest.mark.parametrize("knowing", ["GOWS"], indirect=True)
@pytest.mark.parametrize(
    "protocol",
    [
        {"type": [], "key": {"ID": "M1"}},
        {"type": 14, "key": {"ID": "M1"}},
        {"type": 0, "key": None},
        {"type": 3, "key": {"ID": "M1"}},
    ],
)
def test_what_does_not_say_enough_changes_nothing(knowing, world, protocol):
    hears(knowing)
    before = world.rows("select * from messages")
    data = {"Message": {"protocolMessage": protocol}}
    row = payload("GOWS", knowing.said) | {"id": "false_5511987654321@c.us_A1", "body": None, "_data": data}
    knowing.archive.change(row, knowing.said)
    compares(knowing)
    assert world.rows("select * from messages") == before
    assert knowing.count("early_events") == 0


@pytest.mark.parametrize("knowing", ["WEBJS"], indirect=True)
def test_an_announced_message_that_was_taken_back_is_no_announcement_any_more(knowing, world):
    told = payload("WEBJS", knowing.said)
    locked = told | {"body": "", "_data": told["_data"] | {"type": "ciphertext"}}
    event = envelope("WEBJS", "message.waiting", "s", locked)
    assert knowing.shop.channel.deliver(event).status_code == 200
    revokes(knowing)
    compares(knowing)
    assert message(world)["revoked"]
    assert knowing.count("messages where is_placeholder") == 0
