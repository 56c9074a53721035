"""Edits, revocations, reactions, votes and answers: before their message, after it, twice, in any order."""

import itertools

import pytest

from infra.fakes.waha_changes import make_answer, make_edit, make_reaction, make_revocation, make_vote
from infra.fakes.waha_events import Addressing, make_event
from tests.functions.webhooks.conftest import ANA, BIA, GROUP

SINCE = 1_790_000_000
REACTIONS = "select kind, value, contact_id from message_reactions order by kind, contact_id"


def said(desk, **facts):
    return make_event(
        desk.engine, "text", **{"body": "Oi", "customer": ANA, "message_id": "3EB0A1", "timestamp": SINCE, **facts}
    )


def edit(desk, body, after, **facts):
    return make_edit(desk.engine, "3EB0A1", body, **{"customer": ANA, "timestamp": SINCE + after, **facts})


def told(desk, name="text"):
    return desk.message("3EB0A1")[name]


def revisions(desk):
    return [row["text"] for row in desk.world.rows("select text from message_revisions order by stamp")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_edit_counts_and_the_earlier_texts_are_kept(any_desk, order):
    events = [said(any_desk), edit(any_desk, "Oi!", 60), edit(any_desk, "Oi, tudo bem?", 120)]
    for number in order:
        any_desk.takes(events[number])
        any_desk.takes({**events[number], "id": f"evt_again_{number}"})
    assert told(any_desk) == "Oi, tudo bem?"
    assert told(any_desk, "edited_at")
    assert revisions(any_desk) == ["Oi", "Oi!"]
    assert any_desk.count("early_events") == 0
    assert {event["data"]["by"] for event in any_desk.world.events("message.edited")} == {None}


def test_an_edit_waits_for_its_message_and_no_message_is_made_of_it(any_desk):
    any_desk.takes(edit(any_desk, "Oi!", 60))
    assert (any_desk.count("messages"), any_desk.count("early_events"), any_desk.count("contacts")) == (0, 1, 0)
    assert any_desk.deliveries() == [("kept", 1)]


def test_an_edited_message_is_found_by_what_it_says_now(desk, api, tenant):
    desk.takes(said(desk, body="quero bolo"))
    desk.takes(edit(desk, "quero torta", 60))
    find = lambda word: api.post("/api/v1/crm/messages/search", {"query": word}, as_=tenant.agent).json["data"]  # noqa: E731
    assert [len(find("torta")), len(find("bolo"))] == [1, 0]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_message_that_was_taken_back_stays_and_is_marked(any_desk, is_late):
    events = [said(any_desk), make_revocation(any_desk.engine, "3EB0A1", customer=ANA, timestamp=SINCE + 90)]
    for event in reversed(events) if is_late else events:
        any_desk.takes(event)
    any_desk.takes({**events[1], "id": "evt_again"})
    assert told(any_desk) == "Oi"
    assert told(any_desk, "revoked_at") is not None
    assert len(any_desk.world.events("message.revoked")) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_reaction_of_somebody_replaces_their_others(any_desk, order):
    ours = said(any_desk, from_me=True)
    first = make_reaction(any_desk.engine, "3EB0A1", "👍", customer=ANA, timestamp=SINCE + 5)
    second = make_reaction(any_desk.engine, "3EB0A1", "❤️", customer=ANA, timestamp=SINCE + 9)
    for number in order:
        any_desk.takes([ours, first, second][number])
    assert [row["value"] for row in any_desk.world.rows(REACTIONS)] == ["❤️"]
    any_desk.takes(make_reaction(any_desk.engine, "3EB0A1", "", customer=ANA, timestamp=SINCE + 12))
    any_desk.takes({**first, "id": "evt_late"})
    assert [row["value"] for row in any_desk.world.rows(REACTIONS)] == [None]
    assert len(any_desk.world.events("message.reaction_removed")) == 1


def test_each_of_a_group_and_we_react_for_ourselves(any_desk):
    any_desk.takes(said(any_desk, group=GROUP))
    for party in (ANA, BIA):
        reaction = make_reaction(any_desk.engine, "3EB0A1", "🎉", theirs=True, customer=party, group=GROUP)
        any_desk.takes(reaction)
    any_desk.takes(make_reaction(any_desk.engine, "3EB0A1", "🙏", theirs=True, group=GROUP, from_me=True))
    rows = any_desk.world.rows(REACTIONS)
    assert sorted(row["value"] for row in rows) == ["🎉", "🎉", "🙏"]
    assert sum(row["contact_id"] is None for row in rows) == 1
    assert any_desk.count("contacts") == 2
    reactors = {event["data"]["reactor_id"] for event in any_desk.world.events("message.reaction_added")}
    assert len(reactors) == 3


def test_a_vote_holds_all_that_is_chosen_by_now(any_desk):
    vote = lambda options, after, **how: make_vote(  # noqa: E731
        any_desk.engine, "3EB0A1", options, customer=ANA, timestamp=SINCE + after, **how
    )
    any_desk.takes(vote(["Bolo", "Torta"], 20))
    any_desk.takes(said(any_desk, from_me=True))
    any_desk.takes(vote(["Bolo"], 10))
    assert [row["value"] for row in any_desk.world.rows(REACTIONS)] == [["Bolo", "Torta"]]
    any_desk.takes(vote([], 30, failed=True))
    assert [row["value"] for row in any_desk.world.rows(REACTIONS)] == [None]
    any_desk.takes(vote([], 40))
    assert [row["value"] for row in any_desk.world.rows(REACTIONS)] == [[]]
    votes = any_desk.world.events("message.poll_voted")
    facts = [(each["data"]["options"], each["data"]["is_readable"]) for each in votes]
    assert facts == [(2, True), (0, False), (0, True)]


def test_an_answer_to_an_invitation_is_kept_with_its_guests(desk):
    desk.takes(said(desk, from_me=True))
    desk.takes(make_answer("GOWS", "3EB0A1", "GOING", guests=2, customer=ANA, timestamp=SINCE + 5))
    assert desk.world.rows(REACTIONS)[0]["value"] == {"response": "GOING", "guests": 2}
    desk.takes(make_answer("GOWS", "3EB0A1", None, customer=ANA, timestamp=SINCE + 9))
    assert desk.world.rows(REACTIONS)[0]["value"] is None
    assert [each["data"]["is_coming"] for each in desk.world.events("message.event_answered")] == [True, None]


def test_all_of_it_is_shown_with_the_message(desk, api, tenant):
    desk.takes(said(desk))
    desk.takes(edit(desk, "Oi!", 60))
    desk.takes(make_reaction("GOWS", "3EB0A1", "👍", theirs=True, from_me=True, customer=ANA, timestamp=SINCE + 61))
    desk.takes(make_revocation("GOWS", "3EB0A1", customer=ANA, timestamp=SINCE + 90))
    shown = api.get(f"/api/v1/crm/messages/{desk.message('3EB0A1')['id']}", as_=tenant.viewer).json
    assert (shown["text"], shown["revoked_at"] is not None, shown["is_placeholder"]) == ("Oi!", True, False)
    assert [each["text"] for each in shown["revisions"]] == ["Oi"]
    assert [(each["kind"], each["value"], each["contact_id"]) for each in shown["reactions"]] == [("emoji", "👍", None)]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_placeholder_is_filled_by_its_message_and_answered_then(desk, is_late):
    real = said(desk)
    waiting = {**said(desk, body=None), "event": "message.waiting"}
    desk.takes(edit(desk, "Oi!", 60))
    for event in [real, waiting] if is_late else [waiting, real]:
        desk.takes(event)
    assert (told(desk), told(desk, "is_placeholder"), revisions(desk)) == ("Oi!", False, ["Oi"])
    assert (desk.count("messages"), desk.count("message_groups"), desk.count("sessions")) == (1, 1, 1)
    assert len(desk.world.events("message.created")) == 1
    assert len(desk.world.events("message.awaited")) == (not is_late)


def test_a_placeholder_and_its_message_may_name_the_person_differently(desk):
    desk.takes({**said(desk, body=None, addressing=Addressing.LID), "event": "message.waiting"})
    desk.takes(said(desk))
    assert (told(desk), desk.count("messages"), desk.count("message_groups")) == ("Oi", 1, 1)
    assert (desk.count("contacts where merged_into_id is null"), desk.count("chats where status <> 'merged'")) == (1, 1)


def test_a_placeholder_is_shown_and_nobody_answers_it(desk):
    desk.takes({**said(desk, body=None), "event": "message.waiting"})
    assert (told(desk), told(desk, "type"), told(desk, "is_placeholder")) == (None, "unknown", True)
    assert (desk.count("message_groups"), desk.count("outbox_tasks")) == (0, 0)
    assert desk.world.events("message.created") == []


def test_an_event_that_nobody_foresaw_is_kept_and_warned_of(desk, caplog):
    desk.takes({**said(desk), "event": "something.new"})
    desk.takes({**said(desk), "event": "engine.event"})
    assert desk.deliveries() == [("unhandled", 1), ("unhandled", 1)]
    warned = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.fields["event"] for record in warned] == ["something.new"]
