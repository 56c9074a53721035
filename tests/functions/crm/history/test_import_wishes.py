"""What of the past is wanted, and what cannot be had."""

from datetime import timedelta

import pytest


def test_it_is_accepted_at_once_and_shows_what_is_wanted(past, world):
    began = past.asks(media=True)
    assert (began["status"], began["cause"], began["media"]) == ("running", "requested", True)
    assert (began["chats"], began["read"], began["seconds_left"], began["errors"]) == (0, 0, None, [])
    assert began["until"] == began["started_at"]
    days = world.value("select extract(epoch from until - since) / 86400 from history_runs")
    assert days == 180


def test_a_second_one_waits_for_the_first(past):
    past.asks()
    assert past.asks(status=409)["error"]["code"] == "import_under_way"
    past.works()
    past.asks()


def test_the_next_one_begins_where_the_last_one_ended(past, world):
    past.fetches()
    first, second = past.status(), past.asks()
    assert second["since"] < first["until"]
    assert world.value("select until - since < interval '3 hours' from history_runs order by id desc limit 1")
    past.works()
    assert past.status()["read"] < first["read"]


@pytest.mark.parametrize("since", ["2999-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "2026-01-31T12:00:00", "soon"])
def test_a_time_that_cannot_be_is_refused(past, since):
    past.asks(since=since, status=422)


def test_only_what_was_said_since(past, world):
    since = world.now() - timedelta(days=30)
    past.fetches(since=since.isoformat())
    wanted = [
        kept.said.message_id
        for chat in past.archive.chats
        for kept in chat.messages
        if kept.said.timestamp >= int(since.timestamp())
    ]
    assert past.ids() == sorted(wanted)
    assert 0 < len(wanted) < 300


def test_only_the_chats_that_are_named_and_the_next_one_reads_all(past):
    one, group = past.archive.chats[0], next(chat for chat in past.archive.chats if chat.id.endswith("@g.us"))
    name = f"+{one.id.removesuffix('@c.us')}" if one.id.endswith("@c.us") else one.id
    status = past.fetches(chats=[name, group.id])
    wanted = [kept.said.message_id for chat in {one.id: one, group.id: group}.values() for kept in chat.messages]
    assert past.ids() == sorted(wanted)
    assert status["chats"] == len({one.id, group.id})
    past.fetches()
    assert past.ids() == past.remembered()


def test_a_name_that_is_no_chats_is_refused(past):
    assert past.asks(chats=["nobody at all"], status=422)["error"]["code"] == "bad_chat"


def test_an_inactive_channel_has_no_import(past, world):
    world.run("update channels set status = 'inactive'")
    assert past.asks(status=409)["error"]["code"] == "channel_inactive"


def test_a_noweb_session_without_a_store_is_told_of(open_past):
    past = open_past("NOWEB")
    past.archive.has_store = False
    past.asks()
    past.works()
    assert past.status()["failure_code"] == "no_store"
    assert "store" in past.status()["failure_reason"]
