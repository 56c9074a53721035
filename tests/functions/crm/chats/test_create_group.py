"""A group that is asked for: made on WhatsApp once, and one chat here, whatever comes first or never comes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_signs import make_group, make_participants
from infra.fakes.waha_state import Fault
from shared.crm.chat_actions import founding
from shared.crm.chat_actions.tasks import PerformChatAction
from shared.providers.waha.capabilities import REACH, Operation, Reach
from shared.providers.waha.chats import Founded
from tests.functions.crm.chats.asking import BIA, CAIO, ENGINES, PATH, contact_of, deliver, now, told
from tests.support.calls import again, give
from tests.support.shop import SESSION, open_shop

SUBJECT = "Pedidos da Páscoa"
ELSEWHERE = "120363000000000009@g.us"


@pytest.fixture(params=["NOWEB"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        for party in (BIA, CAIO):
            body = {"phone": f"+{party.phone}", "name": party.name}
            assert api.post("/api/v1/crm/contacts", body, as_=tenant.agent).status_code == 201
        yield shop


every_engine = pytest.mark.parametrize("shop", ENGINES, indirect=True)


def body_of(shop, **changes):
    people = [contact_of(shop, BIA), contact_of(shop, CAIO)]
    return {"kind": "group", "channel_id": str(shop.channel.id), "subject": SUBJECT, "participants": people, **changes}


def found(shop, role="agent", headers=None, **changes):
    return shop.api.post(PATH, body_of(shop, **changes), as_=getattr(shop.tenant, role), headers=headers)


@pytest.fixture
def asked(shop):
    """The chat of a group that was asked for, and its task."""
    answer = found(shop)
    assert answer.status_code == 202, answer.text
    (task,) = shop.world.tasks("perform_chat_action")
    return answer.json["id"], task


def seen(shop, chat_id):
    return shop.api.get(f"{PATH}/{chat_id}", as_=shop.tenant.viewer).json


def pending(shop, chat_id):
    return [(each["kind"], each["status"], each["failure_code"]) for each in seen(shop, chat_id)["pending"]]


@pytest.fixture
def when_asked(monkeypatch):
    """Let something happen once WhatsApp has made the group, and before its answer is taken."""
    ask = founding._ask

    def let(happen):
        def asking(it):
            outcome = ask(it)
            assert isinstance(outcome, Founded)
            happen(outcome.address)
            return outcome

        monkeypatch.setattr(founding, "_ask", asking)

    return let


def made(shop):
    return [each for each in shop.waha.acts if each.type == "create"]


def joined(shop, group, *, at=0, subject=SUBJECT, members=(BIA, CAIO)):
    """The provider tells that we are in a group."""
    told_of = dict.fromkeys(members, "participant")
    deliver(
        shop, make_group(shop.engine, "join", group, about={"subject": subject}, members=told_of, at=now(shop) + at)
    )


def chats(shop):
    query = "select id from chats where status <> 'merged' and kind = 'group'"
    return [str(row["id"]) for row in shop.world.rows(query)]


def is_whole(shop, chat_id, group, renamed=0):
    """One chat, told of once, at the group's address, with both in it and nothing left to do."""
    view = seen(shop, chat_id)
    assert (chats(shop), view["addresses"]) == ([view["id"]], [group])
    assert (view["kind"], view["subject"], view["status"]) == ("group", SUBJECT, "active")
    assert view["participants"] == sorted([contact_of(shop, BIA), contact_of(shop, CAIO)])
    assert pending(shop, chat_id) == []
    assert (told(shop, "chat.created"), told(shop, "chat.participant_added")) == (1, 2)
    assert told(shop, "chat.subject_updated") == renamed


@every_engine
def test_it_is_made_on_whatsapp_and_then_it_is_there(shop):
    answer = found(shop)
    assert answer.status_code == 202, answer.text
    chat = answer.json
    assert (chat["kind"], chat["subject"], chat["addresses"], chat["participants"]) == ("group", SUBJECT, [], [])
    assert [(each["kind"], each["status"], each["text"]) for each in chat["pending"]] == [("create", "queued", SUBJECT)]
    assert told(shop, "chat.created") == 0
    shop.world.drain()
    (act,) = made(shop)
    assert (act.ids, act.value, shop.waha.refused) == ([BIA.phone_address, CAIO.phone_address], SUBJECT, [])
    is_whole(shop, chat["id"], act.chat_id)


@every_engine
@pytest.mark.parametrize("seconds", [-2, 0, 2])
def test_its_echo_after_the_answer_is_the_same_group(shop, asked, seconds):
    chat, task = asked
    assert again(task) == 204
    (act,) = made(shop)
    joined(shop, act.chat_id, at=seconds)
    is_whole(shop, chat, act.chat_id)


@every_engine
@pytest.mark.parametrize("seconds", [-2, 0, 2])
def test_its_echo_before_the_answer_is_the_same_group(shop, asked, when_asked, seconds):
    chat, task = asked
    when_asked(lambda group: joined(shop, group, at=seconds))
    assert again(task) == 204
    is_whole(shop, chat, made(shop)[0].chat_id)


def test_somebody_who_speaks_there_first_is_heard_in_the_same_chat(shop, asked, when_asked):
    chat, task = asked
    when_asked(lambda group: shop.hears("Oba!", customer=BIA, group=group))
    assert again(task) == 204
    (act,) = made(shop)
    is_whole(shop, chat, act.chat_id, renamed=1)
    assert seen(shop, chat)["open_session_id"]
    joined(shop, act.chat_id)
    is_whole(shop, chat, act.chat_id, renamed=1)


def test_of_a_lost_answer_too_the_echo_finds_the_chat_where_somebody_spoke(shop, asked):
    chat, task = asked
    shop.waha.set_fault(SESSION, Fault(kind="drop"))
    assert again(task) == 204
    (act,) = made(shop)
    shop.hears("Oba!", customer=BIA, group=act.chat_id)
    joined(shop, act.chat_id)
    is_whole(shop, chat, act.chat_id, renamed=1)


@every_engine
@pytest.mark.parametrize("kind", ["error_500", "drop", "malformed", "no_echo"])
def test_a_lost_answer_is_never_asked_again(shop, asked, kind, monkeypatch):
    if kind == "no_echo":
        monkeypatch.setattr("infra.fakes.waha_groups.answer", lambda *_: {"participants": []})
    chat, task = asked
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=True))
    assert (again(task), again(task)) == (204, 204)
    (change,) = seen(shop, chat)["pending"]
    assert (change["status"], change["failure_code"]) == ("unknown", "outcome_unknown")
    assert "look for it on the phone" in change["failure_reason"]
    for _ in range(3):
        shop.world.advance(20 * 60)
        shop.world.drain(timers=True)
    assert (len(made(shop)), pending(shop, chat)) == (1, [("create", "unknown", "outcome_unknown")])
    assert told(shop, "chat.created") == 0


@every_engine
@pytest.mark.parametrize("late", [0, 3600])
def test_what_is_unknown_is_settled_by_the_providers_word_however_late(shop, asked, late):
    chat, task = asked
    shop.waha.set_fault(SESSION, Fault(kind="drop"))
    assert again(task) == 204
    (act,) = made(shop)
    shop.world.advance(late)
    joined(shop, act.chat_id, at=1 - late)
    is_whole(shop, chat, act.chat_id)


@pytest.mark.parametrize(("subject", "at"), [("Outra", 0), (SUBJECT, -3600), (SUBJECT, 700)])
def test_another_group_is_not_taken_for_it(shop, asked, subject, at):
    chat, task = asked
    shop.waha.set_fault(SESSION, Fault(kind="hang", seconds=0))
    assert again(task) == 204
    shop.world.advance(max(at, 0))
    joined(shop, ELSEWHERE, at=min(at, 0), subject=subject)
    assert (seen(shop, chat)["addresses"], pending(shop, chat)) == ([], [("create", "unknown", "outcome_unknown")])
    assert len(chats(shop)) == 2


def test_of_two_that_are_called_the_same_each_is_one(shop):
    first, second = found(shop).json["id"], found(shop).json["id"]
    for task in shop.world.tasks("perform_chat_action"):
        shop.waha.set_fault(SESSION, Fault(kind="drop"))
        assert again(task) == 204
    for act in made(shop):
        joined(shop, act.chat_id)
    places = [seen(shop, each)["addresses"] for each in (first, second)]
    assert sorted(places) == sorted([each.chat_id] for each in made(shop))
    assert told(shop, "chat.created") == 2


def test_two_that_are_called_the_same_are_not_made_at_once(shop, when_asked):
    first, second = found(shop).json["id"], found(shop).json["id"]
    one, another = shop.world.tasks("perform_chat_action")

    def meanwhile(group):
        assert again(another) == 503
        joined(shop, group)
        joined(shop, group, at=1)

    when_asked(meanwhile)
    assert again(one) == 204
    when_asked(lambda _: None)
    assert again(another) == 204
    places = [seen(shop, each)["addresses"] for each in (first, second)]
    assert places == [[each.chat_id] for each in made(shop)]
    assert (len(made(shop)), told(shop, "chat.created")) == (2, 2)


def test_a_group_that_was_here_before_is_not_the_one_that_was_asked_for(shop):
    joined(shop, ELSEWHERE)
    chat = found(shop).json["id"]
    (task,) = shop.world.tasks("perform_chat_action")
    shop.waha.set_fault(SESSION, Fault(kind="hang", seconds=0))
    assert again(task) == 204
    joined(shop, ELSEWHERE, at=2)
    assert (seen(shop, chat)["addresses"], len(chats(shop))) == ([], 2)


def test_what_is_told_twice_of_one_is_not_taken_for_another(shop):
    first, second = found(shop).json["id"], found(shop).json["id"]
    for task in shop.world.tasks("perform_chat_action"):
        shop.waha.set_fault(SESSION, Fault(kind="drop"))
        assert again(task) == 204
    group = made(shop)[0].chat_id
    for at in range(3):
        joined(shop, group, at=at)
    assert (seen(shop, first)["addresses"], seen(shop, second)["addresses"]) == ([group], [])


def test_what_is_told_at_once_by_many_is_one_chat(shop, asked):
    chat, task = asked
    shop.waha.set_fault(SESSION, Fault(kind="drop"))
    assert again(task) == 204
    group = made(shop)[0].chat_id
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: joined(shop, group, at=at), range(8)))
    is_whole(shop, chat, group)


def test_it_is_asked_for_by_one_at_a_time_and_once(shop, asked):
    chat, task = asked
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(again, [task] * 8)) <= {204, 503}
    assert again(task) == 204
    is_whole(shop, chat, made(shop)[0].chat_id)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["_ask", "_record"])
def test_whoever_died_while_asking_leaves_it_unknown(shop, asked, monkeypatch, step):
    chat, task = asked

    def die(*_):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(founding, step, die)
        with pytest.raises(Killed):
            again(task)
    assert again(task) == 503
    shop.world.advance(61)
    assert again(task) == 204
    assert (len(made(shop)), pending(shop, chat)) == (step == "_record", [("create", "unknown", "outcome_unknown")])
    if step == "_record":
        joined(shop, made(shop)[0].chat_id, at=-60)
        is_whole(shop, chat, made(shop)[0].chat_id)


def test_an_answer_that_comes_after_it_was_given_up_counts(shop, asked, when_asked):
    chat, task = asked

    def takes_long(_):
        shop.world.advance(61)
        assert again(task) == 204
        assert pending(shop, chat) == [("create", "unknown", "outcome_unknown")]

    when_asked(takes_long)
    assert again(task) == 204
    is_whole(shop, chat, made(shop)[0].chat_id)


def test_a_server_that_is_away_is_tried_again_for_ten_minutes(shop, asked):
    chat, task = asked
    shop.world.run("update channels set base_url = 'http://127.0.0.1:1'")
    assert again(task) == 503
    assert pending(shop, chat) == [("create", "queued", None)]
    shop.world.advance(601)
    assert again(task) == 204
    assert pending(shop, chat) == [("create", "failed", "unreachable")]


def test_what_cannot_be_now_is_made_when_it_can(shop, asked):
    chat, task = asked
    shop.waha.state.sessions[SESSION].status = "STARTING"
    assert (again(task), pending(shop, chat)) == (503, [("create", "queued", None)])
    shop.waha.state.sessions[SESSION].status = "WORKING"
    assert again(task) == 204
    is_whole(shop, chat, made(shop)[0].chat_id)


def test_what_whatsapp_refuses_says_why(shop, asked):
    chat, task = asked
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    assert again(task) == 204
    assert pending(shop, chat) == [("create", "failed", "reachout_timelock")]


def test_through_a_channel_that_was_switched_off_none_is_made(shop, asked):
    chat, task = asked
    shop.world.run("update channels set status = 'inactive'")
    assert again(task) == 204
    assert (made(shop), pending(shop, chat)) == ([], [("create", "failed", "channel_inactive")])


@every_engine
@pytest.mark.parametrize("echo", ["before", "after", None])
def test_whoever_lets_nobody_add_them_is_stated_and_the_others_are_in(shop, asked, when_asked, echo):
    chat, task = asked
    shop.waha.state.sessions[SESSION].unwilling = [CAIO.phone_address]
    if echo == "before":
        when_asked(lambda group: joined(shop, group, members=[BIA]))
    assert again(task) == 204
    if echo == "after":
        joined(shop, made(shop)[0].chat_id, members=[BIA])
    view = seen(shop, chat)
    assert view["participants"] == [contact_of(shop, BIA)]
    (change,) = view["pending"]
    assert (change["kind"], change["status"], change["failure_code"]) == ("add", "failed", "participant_refused")
    assert change["contact_id"] == contact_of(shop, CAIO)
    deliver(shop, make_participants(shop.engine, "join", made(shop)[0].chat_id, [CAIO], at=now(shop) + 5))
    assert len(seen(shop, chat)["participants"]) == 2


def test_somebody_who_was_deleted_meanwhile_is_left_out(shop, asked):
    chat, task = asked
    caio = contact_of(shop, CAIO)
    assert shop.api.delete(f"/api/v1/crm/contacts/{caio}", as_=shop.tenant.admin).status_code == 204
    assert again(task) == 204
    assert (made(shop)[0].ids, seen(shop, chat)["participants"]) == ([BIA.phone_address], [contact_of(shop, BIA)])


def test_where_all_were_deleted_no_group_is_made(shop, asked):
    chat, task = asked
    for party in (BIA, CAIO):
        shop.api.delete(f"/api/v1/crm/contacts/{contact_of(shop, party)}", as_=shop.tenant.admin)
    assert again(task) == 204
    assert (made(shop), pending(shop, chat)) == ([], [("create", "failed", "no_participants")])


def test_under_one_key_it_is_asked_for_once(shop):
    first, second = (found(shop, headers={"Idempotency-Key": "pascoa"}) for _ in range(2))
    assert (first.status_code, second.status_code, second.json["id"]) == (202, 202, first.json["id"])
    shop.world.drain()
    assert (len(made(shop)), len(chats(shop))) == (1, 1)


def test_nothing_is_done_in_a_group_that_is_not_made(shop, asked):
    chat, _ = asked
    agent, path = shop.tenant.admin, f"{PATH}/{chat}"
    answers = [
        shop.api.post("/api/v1/crm/messages", {"chat_id": chat, "text": "Oi"}, as_=agent),
        shop.api.post("/api/v1/crm/sessions", {"chat_id": chat}, as_=agent),
        shop.api.post(f"{path}/typing", {"seconds": 3}, as_=agent),
        shop.api.put(f"{path}/labels", {"labels": []}, as_=agent),
        shop.api.patch(path, {"subject": "Outra"}, as_=agent),
        shop.api.post(f"{path}/participants", {"contact_id": contact_of(shop, BIA)}, as_=agent),
    ]
    assert [(each.status_code, each.json["error"]["code"]) for each in answers] == [(409, "group_not_made")] * 6
    archived = shop.api.post(f"{path}/archive", as_=agent)
    assert (archived.status_code, len(archived.json["pending"])) == (200, 1)


@every_engine
def test_an_engine_that_cannot_says_so_before_anything_is_queued(shop, monkeypatch):
    monkeypatch.setitem(REACH[shop.engine], Operation.CREATE_GROUP, Reach.NOBODY)
    answer = found(shop)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "engine_cannot")
    nothing(shop)


def nothing(shop):
    assert (chats(shop), shop.world.tasks("perform_chat_action")) == ([], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"participants": []},
        {"participants": None},
        {"participants": ["x"]},
        {"subject": ""},
        {"subject": "  "},
        {"subject": "a" * 101},
        {"subject": "a\nb"},
        {"contact_id": "01957f3e-8a10-7b0f-93f6-b9caffe910cb"},
        {"channel_id": None},
    ],
)
def test_what_is_no_group_is_refused(shop, changes):
    answer = found(shop, **changes)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid")
    nothing(shop)


def test_more_than_whatsapp_shows_at_once_are_too_many(shop):
    assert found(shop, participants=[contact_of(shop, BIA)] * 257).status_code == 422


def test_whoever_is_named_twice_is_asked_once(shop):
    found(shop, participants=[contact_of(shop, BIA)] * 3)
    shop.world.drain()
    assert made(shop)[0].ids == [BIA.phone_address]


def test_a_contact_without_a_phone_is_named(shop):
    eva = shop.api.post("/api/v1/crm/contacts", {"email": "eva@example.com"}, as_=shop.tenant.agent).json["id"]
    answer = found(shop, participants=[contact_of(shop, BIA), eva])
    assert (answer.status_code, answer.json["error"]["details"]) == (422, {"contact_ids": [eva]})
    nothing(shop)


def test_through_an_inactive_channel_none_is_asked_for(shop):
    shop.world.run("update channels set status = 'inactive'")
    assert found(shop).json["error"]["code"] == "channel_inactive"
    nothing(shop)


def test_what_is_another_tenants_is_not_there(shop, theirs):
    assert found(shop, participants=[contact_of(shop, BIA), str(theirs.contact_id)]).status_code == 404
    assert found(shop, channel_id=str(theirs.chat_id)).status_code == 404
    nothing(shop)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("agent", 202), ("admin", 202)])
def test_only_who_may_write_asks(shop, role, status):
    assert found(shop, role=role).status_code == status


def test_another_tenants_task_finds_nothing(shop, asked, other_tenant):
    action = shop.world.value("select id from chat_actions")
    assert give(other_tenant.tenant_id, PerformChatAction(action_id=action)) == 204
    assert made(shop) == []
