import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.fakes.waha_events import make_event
from tests.functions.webhooks.conftest import ANA, bare_id
from tests.functions.webhooks.test_receive_waha_echoes import sends
from tests.shared.crm.sessions.conversation import Said, in_order

HOUR, DAY = 3600, 86_400
_SESSIONS = """
select s.id, s.status, s.close_reason, extract(epoch from s.started_at)::bigint as began,
    extract(epoch from s.last_message_at)::bigint as last, extract(epoch from s.ended_at)::bigint as ended, s.held_by,
    (select coalesce(json_agg(m.text order by m.sent_at), '[]') from messages m where m.session_id = s.id) as texts
from sessions s where s.status <> 'merged' order by s.started_at
"""


@pytest.fixture
def noon(world):
    """Ten days ago, in seconds."""
    return int(world.now().timestamp()) // DAY * DAY - 10 * DAY


def sessions(desk):
    return desk.world.rows(_SESSIONS)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_sessions_are_cut_by_the_times_of_the_messages(any_desk, noon, order):
    days = [0, 0.9, 2.5]
    for index in order:
        any_desk.hears(f"dia {days[index]}", timestamp=int(noon + days[index] * DAY))
    first, second = sessions(any_desk)
    assert (first["status"], first["close_reason"], first["texts"]) == ("closed", "timeout", ["dia 0", "dia 0.9"])
    assert (first["began"], first["last"], first["ended"]) == (noon, noon + 0.9 * DAY, noon + 1.9 * DAY)
    assert (second["status"], second["texts"]) == ("open", ["dia 2.5"])


def test_a_message_older_than_a_closed_conversation_opens_none(any_desk, noon):
    """The newest session is over and far from the message: it must be looked at all the same."""
    any_desk.hears("ontem", timestamp=noon + 8 * DAY)
    any_desk.world.run("update sessions set status = 'closed', close_reason = 'manual', ended_at = now()")
    any_desk.hears("na semana passada", timestamp=noon)
    assert [(each["status"], each["close_reason"]) for each in sessions(any_desk)] == [
        ("closed", "timeout"),
        ("closed", "manual"),
    ]


def test_a_message_without_a_time_belongs_to_now(any_desk, noon):
    any_desk.hears("ontem", timestamp=noon + 9 * DAY)
    any_desk.world.run("update sessions set status = 'closed', close_reason = 'timeout', ended_at = now()")
    event = make_event(any_desk.engine, "text", body="agora", customer=ANA)
    event["payload"]["timestamp"] = "nobody knows"
    any_desk.takes(event)
    assert [each["texts"] for each in sessions(any_desk)][-1] == ["agora"]


def test_a_message_between_two_sessions_joins_them_with_all_that_is_theirs(any_desk, noon):
    any_desk.hears("um", timestamp=noon)
    any_desk.hears("três", timestamp=noon + 2 * DAY)
    waiting = sends(any_desk, status="queued")
    any_desk.world.run("update messages set sent_at = to_timestamp(:at) where id = :id", at=noon + 2 * DAY, id=waiting)
    burst = any_desk.world.value("select id from message_groups where status = 'pending'")
    any_desk.world.run("update message_groups set session_id = (select id from sessions where status = 'open')")
    any_desk.hears("dois", timestamp=noon + DAY)
    (joined,) = sessions(any_desk)
    assert (joined["status"], joined["began"], joined["last"]) == ("open", noon, noon + 2 * DAY)
    assert joined["texts"][:2] == ["um", "dois"]
    assert len(joined["texts"]) == 4
    # Its own withdrawal must not carry the reply back to the session that went.
    reply = any_desk.world.rows("select status, session_id from messages where id = :id", id=waiting)
    assert reply == [{"status": "cancelled", "session_id": joined["id"]}]
    assert any_desk.world.value("select session_id from message_groups where id = :id", id=burst) == joined["id"]
    (merged,) = any_desk.world.rows("select merged_into_id, ended_at from sessions where status = 'merged'")
    assert merged == {"merged_into_id": joined["id"], "ended_at": None}
    assert len(any_desk.world.events("session.merged")) == 1


def test_a_message_from_before_the_close_belongs_to_what_was_closed(any_desk, noon):
    any_desk.hears("um", timestamp=noon)
    any_desk.world.run(
        "update sessions set status = 'closed', close_reason = 'manual', ended_at = to_timestamp(:at)", at=noon + HOUR
    )
    any_desk.hears("três", timestamp=noon + 2 * HOUR)
    any_desk.hears("dois", timestamp=noon + HOUR // 2)
    any_desk.writes("nós", timestamp=noon + HOUR // 4)
    assert [(each["status"], each["held_by"], each["texts"]) for each in sessions(any_desk)] == [
        ("closed", "bot", ["um", "nós", "dois"]),
        ("open", "bot", ["três"]),
    ]


def test_the_chats_last_message_is_the_latest_written(any_desk, noon):
    for at in (DAY, 3 * DAY, 0):
        any_desk.hears(timestamp=noon + at)
    assert any_desk.world.value("select extract(epoch from last_message_at)::bigint from chats") == noon + 3 * DAY


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrivals=st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=2, max_size=8, unique_by=lambda a: a[0])
)
def test_any_order_of_arrival_ends_in_the_same_sessions(open_desk, world, arrivals):
    """The same property as of the rule alone, now with what is read from the database."""
    world.run("update projects set session_timeout_minutes = 60")
    desk, start = open_desk("GOWS", bot=False), 1_783_000_000
    ids = [
        bare_id(desk.takes(make_event("GOWS", "text", body="x", customer=ANA, from_me=ours, timestamp=start + 60 * at)))
        for at, ours in arrivals
    ]
    told = in_order([Said(*each) for each in arrivals], [])
    found = world.rows(
        "select status, held_by, (select json_agg(external_id order by sent_at) from messages where session_id = s.id) "
        "as ids from sessions s where channel_id = :id and status <> 'merged' order by started_at",
        id=desk.channel.id,
    )
    assert [each["ids"] for each in found] == [
        [ids[number] for number in sorted(each["messages"], key=lambda number: arrivals[number][0])] for each in told
    ]
    assert [each["status"] for each in found] == ["closed"] * (len(found) - 1) + ["open"]
    assert found[-1]["held_by"] == told[-1]["holder"]
