"""The past is taken over whole, once, and as if it had been delivered when it happened."""

from infra.fakes.waha_history import Trouble

LEVELS = {-1: "failed", 1: "sent", 2: "delivered", 3: "read", 4: "played"}


def test_all_that_is_remembered_is_here(any_past):
    status = any_past.fetches()
    assert status["status"] == "completed", status
    assert any_past.ids() == any_past.remembered()
    assert (status["added"], status["known"], status["unread"]) == (300, 0, 0)
    assert (status["chats"], status["chats_done"], status["chats_failed"]) == (12, 12, 0)


def test_each_message_is_as_the_provider_tells_it(any_past):
    any_past.fetches()
    kept = {each.said.message_id: each for chat in any_past.archive.chats for each in chat.messages}
    for row in any_past.messages():
        said, ack = kept[row["external_id"]].said, kept[row["external_id"]].ack
        assert row["direction"] == ("outbound" if said.from_me else "inbound")
        assert row["status"] == (LEVELS[ack] if said.from_me else "received")
        assert row["is_read"] == (ack == 3 or (ack == 4 and not said.from_me))
        assert (row["at"], row["type"]) == (said.timestamp, {"vcard": "contact"}.get(said.kind, said.kind))


def test_it_comes_in_the_order_in_which_it_was_told(any_past):
    any_past.fetches()
    here = [row["external_id"] for row in any_past.messages()]
    for chat in any_past.archive.chats:
        told = [each.said.message_id for each in chat.messages]
        assert [each for each in here if each in set(told)] == told


def test_again_it_changes_nothing(any_past, world):
    any_past.fetches()
    before = {name: any_past.count(name) for name in ("messages", "contacts", "chats", "sessions", "chat_addresses")}
    rows = any_past.messages()
    world.run("update channels set history_read_until = null")
    status = any_past.fetches()
    assert (status["status"], status["added"], status["known"]) == ("completed", 0, 300)
    assert any_past.messages() == rows
    assert {name: any_past.count(name) for name in before} == before


def test_nobody_is_answered_or_notified(past, world):
    past.fetches()
    assert past.count("message_groups") == past.count("ai_runs") == 0
    assert past.shop.sent == []
    told = {event["event_type"] for event in world.events()}
    assert not {name for name in told if name.startswith("message.")} - {"message.imported"}
    assert not {name for name in told if name.startswith("session.")}


def test_pages_are_told_of_and_every_message_in_one(past, world):
    past.fetches()
    pages = [event["data"] for event in world.events("message.imported")]
    told = [each for page in pages for each in page["message_ids"]]
    assert sorted(told) == sorted(row["id"] for row in world.rows("select id from messages"))
    assert len(pages) < 30
    assert all(page["first_at"] <= page["last_at"] for page in pages)
    names = [event["event_type"] for event in world.events() if "history_import" in event["event_type"]]
    assert names[:2] == ["channel.history_import_requested", "channel.history_import_started"]
    assert names[-1] == "channel.history_import_completed"


def test_faults_are_survived(open_past):
    past = open_past("NOWEB", chats=30, messages=900)
    past.archive.trouble = Trouble(share=0.5, seconds=0.01)
    status = past.fetches()
    assert status["status"] == "completed", status
    assert past.ids() == past.remembered()
    assert status["added"] == 900
