"""Deliveries that are kept together leave what they leave one by one: the same rows, versions, events and tasks."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.fakes.waha_changes import make_edit, make_reaction, make_revocation
from infra.fakes.waha_events import Addressing, Party, make_ack, make_event
from infra.fakes.waha_signs import make_archive
from shared.crm.inbound import receive
from shared.kernel.errors import Unavailable
from shared.runtime import postgres
from tests.shared.crm.inbound.ways import Event, Way
from tests.support.waha import waha_channel

ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")
BIA = Party(phone="5521976543210", lid="100000000000002", name="Bia")
CAIO = Party(phone="5531965432109", lid="100000000000003")
GROUP = "120363000000000001@g.us"
MINUTE, HOUR = 60, 3600
SINCE = int(time.time()) // HOUR * HOUR - 240 * HOUR
# A burst of an hour before whose answer is not sent yet, that answer, and sends that are under way.
_ANSWERED = """
insert into message_groups (
    id, tenant_id, project_id, version, channel_id, chat_id, contact_id, session_id,
    status, outcome, generation, opened_at, deadline_at, latest_deadline_at, closed_at)
select gen_random_uuid(), tenant_id, project_id, 1, channel_id, chat_id, contact_id, session_id,
    'completed', 'replied', 0, opened_at - interval '1 hour', deadline_at, latest_deadline_at, deadline_at
from message_groups where tenant_id = :tenant_id
"""
_REPLY = """
insert into messages (
    id, tenant_id, project_id, version, channel_id, chat_id, session_id, contact_id,
    direction, sender_kind, type, status, text, sent_at, answers_group_id)
select gen_random_uuid(), tenant_id, project_id, 1, channel_id, chat_id, session_id, contact_id,
    'outbound', 'bot', 'text', 'queued', 'resposta', now(), id
from message_groups where tenant_id = :tenant_id and outcome = 'replied'
"""
_SEND = """
insert into messages (
    id, tenant_id, project_id, version, channel_id, chat_id, session_id, contact_id,
    direction, sender_kind, type, status, text, sent_at, claimed_at)
select gen_random_uuid(), tenant_id, project_id, 1, channel_id, chat_id, session_id, contact_id,
    'outbound', 'user', 'text', 'sending', :said, sent_at, sent_at
from messages where tenant_id = :tenant_id and direction = 'inbound'
"""
_CLOSED_BY_HAND = """
update sessions set status = 'closed', close_reason = 'manual', ended_at = last_message_at + interval '60 hours'
where tenant_id = :tenant_id and status = 'open'
"""
_DIE = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and state = 'idle in transaction'
"""


class Script:
    """Writes deliveries that are the same each time."""

    def __init__(self) -> None:
        self.count = 0

    def says(self, body="Oi", *, at=0, kind="text", **said):
        self.count += 1
        facts = {"customer": ANA, "message_id": f"3EB0{self.count:04}", "timestamp": SINCE + at, **said}
        return {**make_event("GOWS", kind, body=body, **facts), "id": f"evt_{self.count}"}

    def about(self, made):
        self.count += 1
        return {**made, "id": f"evt_{self.count}"}


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def way(world, api):
    """Makes a channel of a tenant of its own."""

    def make(before=()):
        made = Way(world, waha_channel(world, api, world.new_tenant()))
        made.one_by_one(before)
        return made

    return make


@pytest.fixture
def the_same(way):
    """Hold what comes of events kept together against what comes of them one by one."""

    def compare(*events, before=(), is_one=True):
        single, company = way(before), way(before)
        single.one_by_one(events)
        kept = company.together(*events)
        assert company.state() == single.state()
        assert company.story(is_one=is_one) == single.story(is_one=is_one)
        assert all(kept)
        return company

    return compare


def number(event):
    return event["payload"]["id"].split("_")[2]


def test_sixteen_first_messages_of_a_chat(world, the_same, script):
    events = [script.says(f"{n}", at=n // 4) for n in range(16)]
    company = the_same(*events)
    tenant = {"tenant_id": company.channel.tenant.tenant_id}
    for table in ("contacts", "chats", "sessions", "message_groups", "outbox_tasks"):
        assert len(world.rows(f"select id from {table} where tenant_id = :tenant_id", **tenant)) == 1
    texts = world.rows("select text from messages where tenant_id = :tenant_id order by sent_at, id", **tenant)
    assert [row["text"] for row in texts] == [f"{n}" for n in range(16)]


def test_more_messages_of_a_chat_that_is_known(the_same, script):
    before = [script.says("antes"), script.says("já vejo", from_me=True)]
    the_same(*(script.says(f"{n}", at=MINUTE, from_me=n % 5 == 3) for n in range(12)), before=before)


@pytest.fixture
def sent(monkeypatch):
    """The statements that are sent, by round trip."""
    trips: list[list[str]] = []

    def counted(send):
        def count(connection, *statements, **more):
            trips.append([statement.text.strip() for statement in statements])
            return send(connection, *statements, **more)

        return count

    for name in ("pipeline", "commit"):
        monkeypatch.setattr(receive, name, counted(getattr(postgres, name)))
    return trips


# All that sixteen deliveries write: what they change, what they say, what quoted it, themselves, and their 32 events.
_WRITES = (
    *("update chats", "update sessions", "update message_groups", "insert into messages", "update messages"),
    *("insert into inbound_deliveries", "insert into outbox_events", "insert into outbox_events"),
)


def test_one_chat_costs_two_round_trips_and_one_statement_of_each_kind(way, script, sent):
    company = way([script.says("antes")])
    sent.clear()
    company.together(*(script.says(f"{n}", at=n) for n in range(16)))
    assert len(sent) == 2
    assert all(write in text for write, text in zip(_WRITES, sent[1], strict=True))


def test_and_so_do_many_chats(way, script, sent):
    people = [Party(phone=f"551198765{n:04}", name=f"{n}") for n in range(16)]
    company = way([script.says("antes", customer=each) for each in people])
    sent.clear()
    assert all(company.together(*(script.says("agora", customer=each, at=MINUTE) for each in people)))
    assert len(sent) == 2
    assert all(write in text for write, text in zip(_WRITES, sent[1], strict=True))


def test_what_quoted_many_of_them_and_what_waited_for_them_is_served_at_once(the_same, script, sent):
    quoting = [script.says(f"cito {n}", reply_to=f"3EB0Q{n}", customer=BIA) for n in range(4)]
    waiting = [
        script.about(make_reaction("GOWS", f"3EB0Q{n}", "👍", theirs=True, customer=ANA, timestamp=SINCE))
        for n in range(4)
    ]
    events = [script.says(f"{n}", message_id=f"3EB0Q{n}") for n in range(4)]
    the_same(*events, before=[*quoting, *waiting, script.says("antes")])
    for text in ("set quoted_message_id", "delete from early_events"):
        assert len([each for each in sent[-1] if text in each]) == 1


def test_chats_that_change_alike_and_otherwise(the_same, script):
    people = [Party(phone=f"551198765{n:04}", name=f"{n}") for n in range(12)]
    before = [script.says("antes", customer=each) for each in people]
    hours = (0, 1, 30, 46, 80)
    events = [
        script.says(f"{n}", customer=people[n % 12], at=hours[n % 5] * HOUR, from_me=n % 7 == 3) for n in range(16)
    ]
    the_same(*events, before=before)


def test_deliveries_that_were_kept_are_counted_together(world, the_same, script):
    known = [script.says(f"{n}", customer=each) for n, each in enumerate((ANA, BIA, CAIO, ANA))]
    company = the_same(*known, script.says("agora"), *known, before=known)
    counts = world.rows(
        "select times_received as count from inbound_deliveries where tenant_id = :tenant_id",
        tenant_id=company.channel.tenant.tenant_id,
    )
    assert sorted(row["count"] for row in counts) == [1, 3, 3, 3, 3]


def test_a_message_and_what_quotes_it_either_way(the_same, script):
    first, second = script.says("um"), script.says("dois")
    early = script.says("cito", reply_to="3EB00004")
    quoted = script.says("citada")
    late = script.says("cito também", reply_to=number(first))
    itself = script.says("eu", reply_to="3EB00006")
    the_same(first, early, second, quoted, late, itself)


def test_a_group_with_several_senders(the_same, script):
    people = (ANA, BIA, CAIO, ANA, BIA)
    events = [script.says(f"{n}", customer=each, group=GROUP, at=n) for n, each in enumerate(people)]
    the_same(*events, script.says("nós", group=GROUP, from_me=True))


def test_the_same_person_in_a_group_and_alone(the_same, script):
    alone = [script.says(f"{n}") for n in range(3)]
    together = [script.says(f"{n}", group=GROUP, customer=each) for n, each in enumerate((ANA, BIA, ANA))]
    the_same(*(each for pair in zip(alone, together, strict=True) for each in pair))


def test_what_came_already_and_what_comes_twice(the_same, script):
    known, fresh = script.says("antes"), script.says("agora")
    other = {**fresh, "id": "evt_other", "event": "message"}
    the_same(script.says("um"), known, fresh, fresh, other, script.says("dois"), before=[known])


def test_what_follows_upon_messages_that_come_with_it(the_same, script):
    theirs, ours = script.says("um"), script.says("dois", from_me=True)
    the_same(
        theirs,
        ours,
        script.about(make_ack("GOWS", 3, message_id=number(ours), customer=ANA, timestamp=SINCE)),
        script.about(make_reaction("GOWS", number(theirs), "👍", theirs=True, customer=ANA, timestamp=SINCE + 5)),
        script.about(make_edit("GOWS", number(theirs), "um!", customer=ANA, timestamp=SINCE + 9)),
        script.says("três"),
        script.about(make_revocation("GOWS", number(theirs), customer=ANA, timestamp=SINCE + 20)),
        script.says("quatro"),
        is_one=False,
    )


def test_what_waited_for_messages_and_for_the_chat(the_same, script):
    early = [
        script.about(make_reaction("GOWS", "3EB00004", "❤️", theirs=True, customer=ANA, timestamp=SINCE + 5)),
        script.about(make_archive(ANA.phone_address, archived=True, at=SINCE * 1000)),
    ]
    events = [script.says("um"), script.says("dois"), script.says("três")]
    the_same(*events, before=early)


@pytest.mark.parametrize(
    "hours", [(0, 30), (0, 30, 31, 70), (30, 0), (0, 46, 23), (0, 46, 23, 24, 1), (46, 0, 23, 24), (60, 0, 23, 40)]
)
def test_silence_between_them_cuts_and_late_ones_join(the_same, script, hours):
    the_same(*(script.says(f"{hour}", at=hour * HOUR) for hour in hours))


@pytest.mark.parametrize("hours", [(30, 30), (30, 0, 15), (-30, 1), (20, 40, 60)])
def test_and_so_it_is_in_a_chat_that_has_sessions(the_same, script, hours):
    before = [script.says("antes"), script.says("depois", at=46 * HOUR)]
    the_same(*(script.says(f"{hour}", at=hour * HOUR) for hour in hours), before=before)


def test_each_finds_the_session_of_its_own_time(world, way, script):
    events = [script.says(text, at=hour * HOUR) for text, hour in (("c", 201), ("d", 40), ("e", 130))]
    first, later = script.says("a"), script.says("b", at=200 * HOUR)
    single, company = way([first]), way([first])
    for each in (single, company):
        world.run(_CLOSED_BY_HAND, tenant_id=each.channel.tenant.tenant_id)
        each.one_by_one([later])
    single.one_by_one(events)
    assert all(company.together(*events))
    assert company.story() == single.story()
    assert company.state() == single.state()


@pytest.fixture
def answering(world, way):
    """Makes a channel on whose chat a bot has an older burst to answer, and its reply is queued."""

    def make(before):
        made = way(before)
        for statement in (_ANSWERED, _REPLY):
            world.run(statement, tenant_id=made.channel.tenant.tenant_id)
        return made

    return make


@pytest.mark.parametrize("ours", [(), (0,), (1,), (0, 1, 2)])
def test_older_bursts_and_queued_replies_are_withdrawn_once(answering, script, ours):
    before = [script.says("antes")]
    single, company = answering(before), answering(before)
    events = [script.says(f"{n}", at=MINUTE, from_me=n in ours) for n in range(4)]
    single.one_by_one(events)
    assert company.together(*events) == [True] * 4
    assert company.story() == single.story()


def test_echoes_of_sends_whose_id_we_did_not_know(world, way, script):
    before = [script.says("antes")]
    single, company = way(before), way(before)
    for each in (single, company):
        for text in ("um", "dois"):
            world.run(_SEND, said=text, tenant_id=each.channel.tenant.tenant_id)
    said = {"from_me": True, "source": "api", "at": 2}
    echoes = [script.says("dois", **said), script.says("dois", **said), script.says("um", **said)]
    events = [script.says("oi"), *echoes, script.says("cito", reply_to=number(echoes[0]))]
    single.one_by_one(events)
    assert company.together(*events) == [True] * 5
    assert company.story() == single.story()


def test_people_who_turn_out_to_be_one_are_left_out_and_become_one(way, script):
    ways = (Addressing.LID, Addressing.LID, Addressing.PHONE, Addressing.LID_WITH_PHONE, Addressing.LID)
    events = [script.says(f"{n}", addressing=each) for n, each in enumerate(ways)]
    single, company = way(), way()
    single.one_by_one(events)
    company.together(*events)
    assert company.state() == single.state()


def test_one_who_is_two_in_a_group_holds_nobody_else_up(way, script):
    before = [script.says("um", addressing=Addressing.LID), script.says("dois", addressing=Addressing.PHONE)]
    group = {"group": GROUP, "at": MINUTE}
    events = [
        script.says("a", customer=BIA, **group),
        script.says("b", addressing=Addressing.LID_WITH_PHONE, **group),
        script.says("c", customer=BIA, **group),
        script.says("d", addressing=Addressing.LID, **group),
    ]
    single, company = way(before), way(before)
    single.one_by_one(events)
    assert company.together(*events) == [True, False, True, True]
    assert company.state() == single.state()


def test_a_message_that_was_only_announced(the_same, script):
    said = script.says("antes")
    announced = {**script.says(None, message_id=number(said)), "event": "message.waiting"}
    the_same(script.says("um"), said, script.says("dois"), before=[announced])
    alone = {**script.says(None), "event": "message.waiting"}
    the_same(script.says("um"), alone, script.says("dois"))


def test_one_that_was_announced_by_another_name_of_its_chat(way, script):
    said = script.says("antes", addressing=Addressing.PHONE)
    announced = {**script.says(None, message_id=number(said), addressing=Addressing.LID), "event": "message.waiting"}
    events = [script.says("um"), said, script.says("dois")]
    single, company = way([announced]), way([announced])
    single.one_by_one(events)
    company.together(*events)
    assert company.state() == single.state()


def test_a_message_that_is_told_again_when_what_it_quotes_comes(the_same, script):
    quoted = script.says("citada")
    reply = {"from_me": True, "reply_to": number(quoted)}
    message = script.says("cito", **reply)
    again = script.says("cito", **reply, message_id=number(message))
    again["payload"] |= {"ack": 3, "_data": {**again["payload"]["_data"], "Status": 4}}
    the_same(quoted, again, before=[message])


def test_a_database_that_dies_in_the_midst_keeps_none(world, way, script, monkeypatch):
    company = way([script.says("antes")])
    events = [script.says(f"{n}") for n in range(4)]
    before = company.story()

    def die(connection, *statements, after=()):
        world.run(_DIE)
        return postgres.commit(connection, *statements, after=after)

    with monkeypatch.context() as patched:
        patched.setattr(receive, "commit", die)
        with pytest.raises(Unavailable):
            company.together(*events)
    assert company.story() == before
    company.together(*events)
    assert len(company.story()["messages"]) == 5


def _moments(draw):
    return draw(st.sampled_from((0, 1, MINUTE, 23 * HOUR, 30 * HOUR, 46 * HOUR, 80 * HOUR)))


@st.composite
def deliveries(draw, addressings=(Addressing.PHONE,)):
    """A dozen deliveries about up to three people and a group, some of which are about one another."""
    script = Script()
    events: list[Event] = []
    said: list[Event] = []
    for _ in range(draw(st.integers(5, 14))):
        kind = draw(st.sampled_from(("says", "says", "says", "says", "again", "ack", "reaction", "edit", "revocation")))
        if kind == "says" or not said:
            event = script.says(
                "Oi",
                at=_moments(draw),
                customer=draw(st.sampled_from((ANA, ANA, BIA))),
                addressing=draw(st.sampled_from(addressings)),
                group=draw(st.sampled_from((None, None, None, GROUP))),
                from_me=draw(st.sampled_from((False, False, True))),
                reply_to=draw(st.sampled_from((None, None, "3EB00001", "3EB00003", "3EB00005"))),
            )
            said.append(event)
        else:
            event = _upon(draw, kind, script, draw(st.sampled_from(said)))
        events.append(event)
    return events


def _upon(draw, kind, script, event):
    """Something about that message, by Ana in her own chat."""
    if kind == "again":
        return draw(st.sampled_from((event, {**event, "id": f"{event['id']}b", "event": "message"})))
    facts = {"customer": ANA, "timestamp": SINCE + _moments(draw)}
    made = {
        "ack": lambda: make_ack("GOWS", draw(st.sampled_from((1, 2, 3))), message_id=number(event), **facts),
        "reaction": lambda: make_reaction("GOWS", number(event), "👍", theirs=True, **facts),
        "edit": lambda: make_edit("GOWS", number(event), "Oi!", **facts),
        "revocation": lambda: make_revocation("GOWS", number(event), **facts),
    }
    return script.about(made[kind]())


FREELY = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FREELY
@given(events=deliveries(), first=st.integers(0, 3))
def test_any_mix_leaves_what_it_leaves_one_by_one(way, events, first):
    before, events = events[:first], events[first:]
    single, company = way(before), way(before)
    single.one_by_one(events)
    assert all(company.together(*events))
    assert company.story(is_one=False) == single.story(is_one=False)
    assert company.state() == single.state()


@FREELY
@given(events=deliveries(addressings=tuple(Addressing)), first=st.integers(0, 3))
def test_any_mix_of_names_ends_as_it_ends_one_by_one(way, events, first):
    before, events = events[:first], events[first:]
    single, company = way(before), way(before)
    single.one_by_one(events)
    assert any(company.together(*events)), "a company that fails is kept one by one, and so is no company"
    assert company.state() == single.state()
