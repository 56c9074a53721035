from dataclasses import replace
from uuid import uuid4

import pytest

from infra.demo.checks import Check, Evidence, check_all
from tests.infra.demo.evidence import evidence, message


def broken(found: Evidence) -> dict[str, str]:
    return {check.sentence: check.told for check in check_all(found) if not check.holds}


def test_all_holds_where_all_is_right():
    assert broken(evidence()) == {}
    assert len(check_all(evidence())) == 11


def rows(found: Evidence):
    return found.accounts[0].messages


def _lose_a_delivery(found: Evidence) -> None:
    found.accounts[0].deliveries.pop()


def _keep_what_never_came(found: Evidence) -> None:
    found.accounts[0].deliveries.append({**found.accounts[0].deliveries[0], "delivery_key": "evt_9"})


def _count_too_little(found: Evidence) -> None:
    found.accounts[0].deliveries[0]["times_received"] = 1


def _count_too_much(found: Evidence) -> None:
    found.accounts[0].deliveries[0]["times_received"] = 4


def _fail_a_delivery(found: Evidence) -> None:
    found.accounts[0].deliveries[0] |= {"status": "failed", "problem": "no id"}


def _refuse_a_delivery(found: Evidence) -> None:
    found.outside.deliveries[0]["answers"] = [500]


def _lose_a_reply(found: Evidence) -> None:
    found.outside.sent.clear()


def _forget_a_reply(found: Evidence) -> None:
    rows(found)[1]["external_id"] = None


def _send_twice(found: Evidence) -> None:
    found.outside.sent.append({**found.outside.sent[0], "duplicate": True})


def _change_the_text(found: Evidence) -> None:
    found.outside.sent[0]["text"] = "R$ 62"


def _reply_twice(found: Evidence) -> None:
    rows(found).append({**rows(found)[1], "id": str(uuid4())})


def _forget_an_outcome(found: Evidence) -> None:
    found.accounts[0].groups[0]["outcome"] = None


def _fail_a_burst(found: Evidence) -> None:
    found.accounts[0].groups[0] |= {"outcome": "failed", "outcome_reason": "broken"}


def _lose_a_message(found: Evidence) -> None:
    rows(found).pop(0)


def _move_a_message(found: Evidence) -> None:
    rows(found)[0]["at"] = 99


def _split_the_chat(found: Evidence) -> None:
    rows(found)[0]["chat_id"] = str(uuid4())


def _speak_after_the_owner(found: Evidence) -> None:
    line = found.accounts[0].bakery.lines["gows"]
    rows(found).append(message(line, "R2", 140, sender_kind="bot", status="cancelled"))


def _step_back(found: Evidence) -> None:
    rows(found)[1]["status"] = "delivered"


def _ask_wrongly(found: Evidence) -> None:
    found.outside.refused.append({"method": "POST", "path": "/api/sendText", "why": "chatId is required"})


def _lose_a_file(found: Evidence) -> None:
    rows(found)[0]["file"] = "pending"


def _leave_something(found: Evidence) -> None:
    found.under_way["replies on their way"] = 1


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_lose_a_delivery, "evt_2 was answered 2xx but is not kept"),
        (_keep_what_never_came, "evt_9 was never delivered"),
        (_count_too_little, "received 1 times, answered 2 times"),
        (_count_too_much, "received 4 times, answered 2 times"),
        (_fail_a_delivery, "message.any: no id"),
        (_refuse_a_delivery, "was never taken"),
        (_lose_a_reply, "is read, but never came"),
        (_forget_a_reply, "was sent, but no message says so"),
        (_send_twice, "message R1 was sent twice"),
        (_change_the_text, "was sent with another text"),
        (_reply_twice, "has 2 replies"),
        (_forget_an_outcome, "has no outcome"),
        (_fail_a_burst, "a burst failed: broken"),
        (_lose_a_message, "message M1 is missing"),
        (_move_a_message, "stands at another time"),
        (_split_the_chat, "it lies in 2 chats"),
        (_speak_after_the_owner, "after the owner had"),
        (_step_back, "is delivered, not read"),
        (_ask_wrongly, "POST /api/sendText: chatId is required"),
        (_lose_a_file, "the file of message M1 is pending"),
        (_leave_something, "1 replies on their way"),
    ],
)
def test_what_is_wrong_is_found_and_said(spoil, expected):
    found = evidence()
    spoil(found)
    assert expected in " | ".join(broken(found).values())


def test_a_bot_in_a_group_is_found():
    found = evidence()
    track = found.tracks[0]
    track.conversation = replace(track.conversation, name="group")
    assert "a bot wrote in “Uma conversa”" in " ".join(broken(found).values())


def test_a_commit_whose_answer_was_lost_is_no_error():
    found = evidence()
    found.accounts[0].deliveries[0]["times_received"] = 3
    assert broken(found) == {}


def test_a_reply_of_unknown_outcome_may_never_have_come():
    found = evidence()
    found.outside.sent.clear()
    found.tracks[0].receipts.clear()
    rows(found)[1]["status"] = "unknown"
    assert broken(found) == {}


def test_of_many_problems_a_few_are_told():
    assert Check(sentence="x", problems=list("abcde")).told == "a; b; c; and 2 more"
