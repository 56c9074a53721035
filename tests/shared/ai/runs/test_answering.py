from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from infra.fakes.waha_events import Addressing
from shared.crm.sessions.store import Sessions, sessions
from shared.runtime.work import unit_of_work
from tests.shared.ai.runs.thinking import fail, think
from tests.support.calls import again, retold, tell
from tests.support.shop import open_shop

DAY = 24 * 60 * 60
LEASE = 90


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        yield shop


@pytest.fixture
def asked(shop, world):
    """What tells the agent of a burst that has just been put together."""

    def asked(text="Oi"):
        shop.hears(text)
        world.advance(16)
        assert again(world.tasks("flush_message_group")[-1]) == 204
        return world.events("message_group.completed")[-1]

    return asked


@pytest.fixture
def decide(shop, world):
    """Change the chat's open session as an endpoint would."""

    def decide(change):
        with unit_of_work(shop.tenant.tenant_id) as uow:
            change(Sessions(uow).all(sessions.c.status == "open", lock=True)[0], uow.now)
            uow.commit()

    return decide


def phone(shop, text="eu respondo", **said):
    shop.hears(text, from_me=True, **said)


def run(world):
    (found,) = world.rows("select * from ai_runs")
    return found


def test_a_person_who_takes_the_session_while_the_bot_thinks_is_not_talked_over(shop, world, asked, monkeypatch):
    think(monkeypatch, lambda: phone(shop))
    assert tell(asked()) == [204]
    shop.settles()
    assert (shop.sent, shop.outcomes()) == ([], ["taken_over"])
    assert run(world)["status"] == "completed"


def test_a_person_who_is_given_the_session_while_the_bot_thinks_is_not_talked_over(
    shop, world, asked, decide, monkeypatch
):
    think(monkeypatch, lambda: decide(lambda session, now: session.held_by_human("assigned", now)))
    assert tell(asked()) == [204]
    shop.settles()
    assert (shop.sent, shop.outcomes()) == ([], ["taken_over"])


def test_a_newer_message_while_the_bot_thinks_is_answered_together_with_the_older(shop, world, asked, monkeypatch):
    thinker = think(monkeypatch, lambda: shop.hears("do bolo?"))
    assert tell(asked("qual o preço")) == [204]
    shop.settles()
    assert shop.outcomes() == ["superseded", "replied"]
    assert [question.text for question in thinker.asked] == ["qual o preço", "qual o preço do bolo?"]
    assert len(shop.sent) == 1


@pytest.mark.parametrize("table", ["chats", "sessions", "message_groups", "ai_runs", "channels"])
def test_a_change_that_has_nothing_to_do_with_it_does_not_cost_the_reply(shop, world, asked, monkeypatch, table):
    think(monkeypatch, lambda: world.run(f"update {table} set version = version + 1"))
    assert tell(asked()) == [204]
    shop.settles()
    assert (shop.sent, shop.outcomes()) == (["Olá!"], ["replied"])


def test_a_run_that_was_killed_is_taken_over_once_its_lease_is_over(shop, world, asked, monkeypatch):
    def die():
        raise SystemExit

    thinker = think(monkeypatch, die)
    event = asked()
    with pytest.raises(SystemExit):
        tell(event)
    assert run(world)["status"] == "running"
    assert tell(event) == [503]
    world.advance(LEASE + 1)
    assert [tell(event), tell(event), tell(retold(event))] == [[204]] * 3
    shop.settles()
    assert (shop.sent, shop.outcomes(), len(thinker.asked)) == (["Olá!"], ["replied"], 2)
    assert run(world)["status"] == "completed"


def test_a_run_that_was_killed_ends_also_when_nobody_wants_its_answer_any_more(shop, world, asked, monkeypatch):
    def die():
        raise SystemExit

    think(monkeypatch, die)
    event = asked()
    with pytest.raises(SystemExit):
        tell(event)
    phone(shop)
    assert tell(event) == [503]
    world.advance(LEASE + 1)
    assert tell(event) == [204]
    assert (shop.outcomes(), run(world)["status"]) == (["taken_over"], "failed")


def test_whoever_comes_back_after_the_lease_says_nothing_more(shop, world, asked, monkeypatch):
    event = asked()

    def oversleep():
        world.advance(LEASE + 1)
        assert tell(event) == [204]

    think(monkeypatch, oversleep)
    assert tell(event) == [204]
    shop.settles()
    assert (shop.sent, shop.outcomes()) == (["Olá!"], ["replied"])


@pytest.mark.parametrize("passing", [True, False])
def test_whoever_fails_after_the_lease_does_not_spoil_the_run_of_the_next(shop, world, asked, monkeypatch, passing):
    event, gone, taken_over = asked(), Event(), Event()

    def oversleep_and_fail():
        taken_over.set()
        assert gone.wait(20)
        fail(passing=passing)()

    with ThreadPoolExecutor(1) as others:

        def see_the_other_fail():
            gone.set()
            late.result(20)

        think(monkeypatch, oversleep_and_fail, see_the_other_fail)
        late = others.submit(tell, event)
        assert taken_over.wait(20)
        world.advance(LEASE + 1)
        assert tell(event) == [204]
    assert (shop.outcomes(), run(world)["status"]) == (["replied"], "completed")
    shop.settles()
    assert shop.sent == ["Olá!"]


def test_a_passing_failure_is_left_to_the_next_delivery(shop, world, asked, monkeypatch):
    think(monkeypatch, fail(passing=True))
    event = asked()
    assert tell(event) == [503]
    assert (run(world)["status"], run(world)["error"], shop.outcomes()) == ("failed", "the model is away", [None])
    assert tell(event) == [204]
    shop.settles()
    assert (shop.sent, shop.outcomes()) == (["Olá!"], ["replied"])
    assert (run(world)["status"], run(world)["error"]) == ("completed", None)


def test_a_lasting_failure_calls_a_person(shop, world, asked, monkeypatch):
    think(monkeypatch, fail(passing=False))
    event = asked()
    assert [tell(event), tell(event)] == [[204], [204]]
    shop.settles()
    assert (shop.sent, shop.outcomes()) == ([], ["failed"])
    assert world.value("select outcome_reason from message_groups") == "the model is away"
    assert world.value("select held_by from sessions") == "human"
    assert len(world.events("session.escalated")) == 1


def test_another_bot_that_the_channel_was_given_meanwhile_takes_over(shop, world, asked, monkeypatch):
    thinker = think(monkeypatch, fail(passing=True))
    event = asked()
    assert tell(event) == [503]
    world.run("update agents set responder = 'gemini'")
    assert tell(event) == [204]
    assert thinker.kinds == ["rules", "gemini"]
    assert run(world)["responder"] == "gemini"


def test_a_bot_with_nothing_to_say_says_nothing(shop, world, asked, monkeypatch):
    think(monkeypatch).text = None
    assert tell(asked()) == [204]
    assert (shop.outcomes(), world.value("select held_by from sessions")) == (["no_agent"], "bot")


def test_a_bot_may_call_a_person_without_a_word(shop, world, asked, monkeypatch):
    thinker = think(monkeypatch)
    thinker.text, thinker.hands_over = None, True
    assert tell(asked()) == [204]
    assert (shop.outcomes(), world.value("select held_by from sessions")) == (["taken_over"], "human")
    assert len(world.events("ai_run.handed_off")) == 1


@pytest.mark.parametrize(
    "change",
    [
        "update channels set default_agent_id = null",
        "update channels set status = 'inactive'",
        "update agents set status = 'inactive'",
    ],
)
def test_nobody_answers_where_no_bot_is_at_work(shop, world, asked, change):
    event = asked()
    world.run(change)
    assert tell(event) == [204]
    assert shop.outcomes() == ["no_agent"]
    assert world.rows("select 1 from ai_runs") == []


def test_a_burst_of_two_sessions_is_answered_in_the_newer(shop, world):
    shop.hears("de ontem", timestamp=int(world.now().timestamp()) - 2 * DAY)
    shop.hears("de hoje")
    shop.settles()
    assert (len(shop.sent), shop.outcomes()) == (1, ["replied"])
    assert shop.message(sender_kind="bot")["session_id"] == world.value("select id from sessions where status = 'open'")
    assert run(world)["session_id"] == shop.message(sender_kind="bot")["session_id"]


def test_a_person_who_holds_the_newer_of_two_sessions_is_not_talked_over(shop, world):
    shop.hears("de ontem", timestamp=int(world.now().timestamp()) - 2 * DAY)
    shop.hears("de hoje")
    phone(shop)
    shop.settles()
    assert (shop.sent, shop.outcomes()) == ([], ["taken_over"])


def test_a_burst_whose_session_became_one_with_an_older_goes_over_to_that(shop, world):
    world.run("update projects set session_timeout_minutes = 60")
    now = int(world.now().timestamp())
    shop.hears("primeiro", timestamp=now - 100 * 60)
    shop.settles()
    shop.hears("terceiro", timestamp=now)
    shop.hears("segundo", timestamp=now - 50 * 60)
    (session,) = world.rows("select * from sessions where status = 'open'")
    assert world.value("select count(*) from sessions where status = 'merged'") == 1
    assert {row["session_id"] for row in world.rows("select session_id from message_groups")} == {session["id"]}
    phone(shop, timestamp=now)
    shop.settles()
    assert shop.outcomes()[-1] == "taken_over"


def test_an_own_message_from_before_the_bot_was_resumed_changes_nothing_when_it_comes_late(
    shop, world, asked, decide, monkeypatch
):
    think(monkeypatch)
    shop.hears("Oi")
    phone(shop)
    world.advance(60)
    before = int(world.now().timestamp())
    world.advance(60)
    decide(lambda session, now: session.resume_bot(now))
    shop.settles()
    assert tell(asked("ainda aí?")) == [204]
    phone(shop, "um instante", timestamp=before)
    shop.settles()
    assert (shop.sent[-1:], shop.outcomes()[-1]) == (["Olá!"], "replied")


def test_an_own_message_of_an_older_session_does_not_silence_the_newer(shop, world, asked, monkeypatch):
    think(monkeypatch)
    world.run("update projects set session_timeout_minutes = 60")
    began = int(world.now().timestamp())
    shop.hears("Oi", timestamp=began)
    shop.settles()
    world.advance(3 * 60 * 60)
    assert tell(asked("bom dia")) == [204]
    phone(shop, timestamp=began + 60)
    shop.settles()
    assert (len(shop.sent), shop.outcomes()) == (2, ["replied", "replied"])


def test_what_a_person_said_under_another_address_counts_as_newer(shop, world, monkeypatch):
    """While the bot thinks about one address, it shows that another is the same person's, who goes on there."""

    def go_on_elsewhere():
        shop.hears("dois", addressing=Addressing.PHONE)
        shop.hears("três", addressing=Addressing.LID_WITH_PHONE)

    thinker = think(monkeypatch, go_on_elsewhere)
    shop.hears("um", addressing=Addressing.LID)
    shop.settles()
    assert world.value("select count(*) from chats where status <> 'merged'") == 1
    assert (len(shop.sent), shop.outcomes()) == (1, ["superseded", "replied"])
    assert thinker.asked[-1].text == "um dois três"


def test_all_that_was_asked_under_two_addresses_is_answered_at_once(shop, world):
    """Two bursts of one person are closed before anybody knows that it is one; the next shows it, and carries both."""
    shop.hears("um", addressing=Addressing.LID)
    shop.hears("dois", addressing=Addressing.PHONE)
    world.advance(16)
    assert [again(row) for row in world.tasks("flush_message_group")] == [204, 204]
    shop.hears("três", addressing=Addressing.LID_WITH_PHONE)
    shop.settles()
    assert (len(shop.sent), shop.outcomes()) == (1, ["superseded", "superseded", "replied"])
    assert world.rows("select text from message_groups order by opened_at")[2]["text"] == "um dois três"
