import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.crm.sessions.model import CloseReason, Holder, Session, SessionOutcome, SessionStatus, place
from shared.kernel.errors import Conflict
from tests.shared.crm.samples import CONTACT, a_chat, minute, names
from tests.shared.crm.sessions.conversation import TIMEOUT, Closed, Conversation, Said, Step, Swept, in_order

LATEST = 400


@st.composite
def histories(draw, most_closes=3, most_sweeps=2):
    """Messages in any order of arrival, and closes and sweeps at their own time: what is written later comes later."""
    said = draw(st.lists(st.builds(Said, st.integers(0, LATEST), st.booleans()), min_size=1, max_size=9))
    times = st.lists(st.integers(0, LATEST), unique=True)
    closes = [Closed(at) for at in sorted(draw(times))[:most_closes]]
    sweeps = [Swept(at) for at in sorted(draw(times))[:most_sweeps]]
    clock: list[Closed | Swept] = sorted([*closes, *sweeps], key=lambda each: each.at)
    arrivals = {
        number: draw(st.integers(sum(each.at < message.at for each in clock), len(clock)))
        for number, message in enumerate(said)
    }
    steps: list[tuple[Step, int]] = []
    for moment in range(len(clock) + 1):
        here = [number for number, arrival in arrivals.items() if arrival == moment]
        steps += [(said[number], number) for number in draw(st.permutations(here))]
        steps += [(clock[moment], -1)] if moment < len(clock) else []
    return said, steps


def run(steps):
    conversation = Conversation()
    for step, number in steps:
        conversation.take(step, number)
    return conversation


def swept(told):
    """As a last look of the sweeper would leave it, long after everything."""
    conversation = [dict(each) for each in told]
    for each in conversation:
        if each["reason"] is None:
            each.update(reason=CloseReason.TIMEOUT, ended_at="silent", holder=None, held_since=None)
        if each["reason"] is CloseReason.TIMEOUT:
            each["ended_at"] = "silent"
    return conversation


@settings(max_examples=1500, deadline=None)
@given(histories(most_sweeps=0))
@example(([Said(100), Said(200), Said(150)], [(Said(100), 0), (Closed(300), -1), (Said(200), 1), (Said(150), 2)]))
@example(([Said(20), Said(110), Said(90)], [(Said(20), 0), (Closed(100), -1), (Said(110), 1), (Said(90), 2)]))
def test_sessions_do_not_depend_on_the_order_of_arrival(history):
    said, steps = history
    conversation = run(steps)
    arrived = [said[number] for number in sorted(conversation.homes)]
    assert conversation.told() == in_order(arrived, conversation.closes)


@settings(max_examples=700, deadline=None)
@given(histories())
def test_nor_on_when_the_sweeper_came(history):
    said, steps = history
    conversation = run(steps)
    conversation.take(Swept(10_000))
    assert swept(conversation.told()) == swept(in_order(said, conversation.closes))


def begun(at=0):
    session = Session.start(chat=a_chat(), timeout_minutes=TIMEOUT, at=minute(at))
    session.collect()
    return session


def placed(sessions, at):
    return place(sessions, chat=a_chat(), timeout_minutes=TIMEOUT, at=minute(at))


def test_a_session_begins_with_the_first_message_held_by_the_bot():
    first = placed([], 0)
    assert first.is_new
    assert first.swallowed is None
    assert (first.session.status, first.session.held_by) == (SessionStatus.OPEN, Holder.BOT)
    assert first.session.contact_id == CONTACT
    assert names(first.session) == ["session.started"]


@pytest.mark.parametrize(("later", "is_new"), [(TIMEOUT, False), (TIMEOUT + 0.001, True)])
def test_only_a_silence_longer_than_the_timeout_cuts(later, is_new):
    session = begun()
    found = placed([session], later)
    assert found.is_new is is_new
    assert names(session) == (["session.closed"] if is_new else [])
    assert (session.close_reason, session.ended_at) == (
        (CloseReason.TIMEOUT, minute(TIMEOUT)) if is_new else (None, None)
    )


def test_a_message_between_two_sessions_makes_them_one():
    first, second = begun(0), begun(100)
    first.expire()
    first.collect()
    found = placed([first, second], 50)
    assert (found.session, found.swallowed) == (first, second)
    assert (first.status, first.started_at, first.last_message_at) == (SessionStatus.OPEN, minute(0), minute(100))
    assert (second.status, second.merged_into_id) == (SessionStatus.MERGED, first.id)
    assert names(first) == ["session.reopened", "session.merged"]


def test_a_message_older_than_all_gets_a_session_that_is_over():
    newest = begun(500)
    found = placed([newest], 100)
    assert found.is_new
    assert (found.session.close_reason, found.session.ended_at) == (CloseReason.TIMEOUT, minute(100 + TIMEOUT))
    assert newest.status is SessionStatus.OPEN


@pytest.mark.parametrize("end_of_first", ["open", "silence", "hand"])
@pytest.mark.parametrize("end_of_second", ["open", "silence", "hand"])
def test_two_stretches_at_the_same_time_are_open_if_either_is(end_of_first, end_of_second):
    first, second = begun(0), begun(10)
    first.take(minute(300))
    for session, end in ((first, end_of_first), (second, end_of_second)):
        if end == "silence":
            session.expire()
        elif end == "hand":
            session.close(minute(310))
    first.absorb(second)
    is_open = "open" in {end_of_first, end_of_second}
    assert first.status is (SessionStatus.OPEN if is_open else SessionStatus.CLOSED)
    ends = {"silence": minute(300 + TIMEOUT), "hand": minute(310)}
    assert first.ended_at == (None if is_open else ends[end_of_first])


def test_closing_by_hand_releases_and_cannot_be_done_twice():
    session = begun()
    session.held_by_human("a user wrote", minute(5), agent_id=CONTACT)
    session.close(minute(7))
    assert (session.held_by, session.held_since, session.agent_id) == (Holder.BOT, None, None)
    with pytest.raises(Conflict):
        session.close(minute(8))
    session.held_by_human("an older message came late", minute(6))
    assert session.held_by is Holder.BOT
    assert names(session) == ["session.agent_assigned", "session.bot_paused", "session.closed"]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (None, ["session.closed"]),
        (SessionOutcome.RESOLVED, ["session.resolved", "session.closed"]),
        (SessionOutcome.CONVERTED, ["session.resolved", "session.closed"]),
        (SessionOutcome.UNRESOLVED, ["session.closed"]),
        (SessionOutcome.SPAM, ["session.closed"]),
    ],
)
def test_whoever_closes_it_may_say_what_came_of_it(outcome, told):
    session = begun()
    session.close(minute(7), outcome)
    assert session.outcome is outcome
    assert names(session) == told


def test_what_came_of_it_goes_with_its_end():
    first, second = begun(0), begun(10)
    second.take(minute(100))
    first.close(minute(5), SessionOutcome.SPAM)
    second.close(minute(101), SessionOutcome.RESOLVED)
    first.absorb(second)
    assert (first.outcome, second.outcome) == (SessionOutcome.RESOLVED, None)
    first.reopen()
    assert first.outcome is None


def test_a_person_holds_from_the_first_word_until_the_bot_is_resumed():
    session = begun()
    session.held_by_human("written on the phone", minute(9))
    session.held_by_human("written on the phone", minute(5))
    assert (session.held_by, session.held_since) == (Holder.HUMAN, minute(5))
    session.resume_bot(minute(20))
    session.held_by_human("written before, but late to come", minute(19))
    assert session.held_by is Holder.BOT
    session.held_by_human("written on the phone", minute(21))
    assert (session.held_by, session.held_since) == (Holder.HUMAN, minute(21))
    assert names(session) == ["session.bot_paused", "session.bot_resumed", "session.bot_paused"]


@pytest.mark.parametrize(
    ("early", "late", "holder"),
    [
        ("held", "nobody", Holder.HUMAN),
        ("nobody", "held", Holder.HUMAN),
        ("held", "resumed", Holder.BOT),
        ("resumed", "held", Holder.HUMAN),
        ("nobody", "nobody", Holder.BOT),
    ],
)
def test_the_newest_decision_says_who_holds_what_became_one(early, late, holder):
    first, second = begun(0), begun(30)
    for session, decision, at in ((first, early, 10), (second, late, 40)):
        if decision != "nobody":
            session.held_by_human("a user wrote", minute(at), agent_id=CONTACT)
        if decision == "resumed":
            session.resume_bot(minute(at + 5))
    first.absorb(second)
    assert first.held_by is holder
    assert first.agent_id == (CONTACT if holder is Holder.HUMAN else None)


def test_asking_for_a_person_is_said_once():
    session = begun()
    session.escalate("the customer asked for a person", minute(1))
    session.escalate("again", minute(2))
    assert names(session) == ["session.escalated", "session.bot_paused"]
