"""What is done to a message that was sent, once it was asked for."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import Addressing
from infra.fakes.waha_state import Fault
from shared.crm.message_actions import performing
from shared.providers.waha import client
from tests.functions.crm.messages.asking import ENGINES, acts, answer, patch, post, shown, spoken_shop
from tests.support.calls import again
from tests.support.shop import SESSION


@pytest.fixture(params=["NOWEB"])
def shop(request, world, api, tenant):
    with spoken_shop(request.param, world, api, tenant) as shop:
        yield shop


@pytest.fixture
def sent(shop):
    return answer(shop)


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
def test_a_text_that_was_sent_is_changed_on_whatsapp_first(shop, sent):
    told = patch(shop, sent, text="Boa tarde!").json
    assert (told["text"], [(each["kind"], each["value"]) for each in told["pending"]]) == (
        "Bom dia!",
        [("edit", "Boa tarde!")],
    )
    shop.world.drain()
    message = shown(shop, sent)
    assert (message["text"], message["pending"]) == ("Boa tarde!", [])
    assert [each["text"] for each in message["revisions"]] == ["Bom dia!"]
    assert acts(shop) == [("edit", "Boa tarde!")]
    (edited,) = shop.world.events("message.edited")
    assert edited["data"]["by"] == str(shop.tenant.agent.user_id)
    assert shop.waha.refused == []


def test_of_changes_in_a_row_the_last_is_what_it_says(shop, sent):
    for text in ("um", "dois", "três"):
        patch(shop, sent, text=text)
    shop.world.drain()
    assert shown(shop, sent)["text"] == "três"
    assert acts(shop)[-1] == ("edit", "três")
    statuses = [row["status"] for row in shop.world.rows("select status from message_actions order by requested_at")]
    assert statuses == ["superseded", "superseded", "done"]


def test_an_action_that_is_done_twice_at_once_is_done_in_a_row_and_counts_once(shop, sent):
    patch(shop, sent, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(again, [task] * 8))
    assert set(statuses) <= {204, 503}
    assert again(task) == 204
    assert len(shop.world.events("message.edited")) == 1
    assert len(shop.waha.acts) == 1


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("kind", ["error_500", "drop"])
def test_a_lost_answer_is_asked_again(shop, sent, kind, done):
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=done))
    patch(shop, sent, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    assert again(task) == 503
    assert (shown(shop, sent)["text"], shown(shop, sent)["pending"][0]["status"]) == ("Bom dia!", "queued")
    assert again(task) == 204
    assert (shown(shop, sent)["text"], shown(shop, sent)["pending"]) == ("Boa tarde!", [])


def test_a_server_that_stays_away_is_given_up_after_ten_minutes(shop, sent):
    patch(shop, sent, text="Boa tarde!")
    shop.world.run("update channels set base_url = 'http://127.0.0.1:1'")
    (task,) = shop.world.tasks("perform_message_action")
    assert again(task) == 503
    shop.world.advance(601)
    assert again(task) == 204
    (pending,) = shown(shop, sent)["pending"]
    assert (pending["status"], pending["failure_code"]) == ("failed", "unreachable")
    assert patch(shop, sent, text="Boa noite!").status_code == 200
    assert [each["value"] for each in shown(shop, sent)["pending"]] == ["Boa noite!"]


def test_a_refusal_is_told_with_its_reason_and_the_text_stays(shop, sent):
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    patch(shop, sent, text="Boa tarde!")
    shop.world.drain()
    message = shown(shop, sent)
    assert (message["text"], message["pending"][0]["failure_code"]) == ("Bom dia!", "reachout_timelock")


def test_what_is_refused_for_now_is_done_when_it_may_be(shop, sent):
    shop.waha.state.sessions[SESSION].status = "STARTING"
    patch(shop, sent, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    assert (again(task), shown(shop, sent)["pending"][0]["status"]) == (503, "queued")
    shop.waha.state.sessions[SESSION].status = "WORKING"
    assert again(task) == 204
    assert (shown(shop, sent)["text"], shown(shop, sent)["pending"]) == ("Boa tarde!", [])


def test_what_is_refused_for_ten_minutes_is_given_up_with_its_reason(shop, sent):
    shop.waha.set_fault(SESSION, Fault(kind="error_429", times=99))
    patch(shop, sent, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    assert again(task) == 503
    shop.world.advance(601)
    assert again(task) == 204
    (pending,) = shown(shop, sent)["pending"]
    assert (pending["status"], pending["failure_code"]) == ("failed", "rate_limited")


def test_whoever_died_between_claim_and_answer_leaves_it_to_the_next(shop, sent, monkeypatch):
    class Killed(BaseException):
        pass

    def die(errand):
        raise Killed

    patch(shop, sent, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    with monkeypatch.context() as broken:
        broken.setattr(performing, "_call", die)
        with pytest.raises(Killed):
            again(task)
    assert again(task) == 503
    shop.world.advance(61)
    assert again(task) == 204
    assert shown(shop, sent)["text"] == "Boa tarde!"


def test_nothing_is_done_through_an_inactive_channel(shop, sent):
    patch(shop, sent, text="Boa tarde!")
    shop.world.run("update channels set status = 'inactive'")
    assert post(shop, sent, "recall").status_code == 409
    shop.world.drain()
    assert shown(shop, sent)["pending"][0]["failure_code"] == "channel_inactive"
    assert shop.waha.acts == []


def test_the_server_is_asked_with_no_transaction_open(shop, sent, monkeypatch):
    seen = []

    def edit(waha, *_):
        query = "select count(*) from pg_stat_activity where state = 'idle in transaction' and usename = 'ventros_app'"
        seen.append(shop.world.value(query))

    monkeypatch.setattr(client.Waha, "edit", edit)
    patch(shop, sent, text="Boa tarde!")
    shop.world.drain()
    assert seen == [0]


@pytest.fixture
def hidden(shop):
    """Sent to Ana in a second chat, where nobody knows yet that it is she."""
    shop.hears("Sou eu", addressing=Addressing.LID)
    assert shop.world.value("select count(*) from chats where status <> 'merged'") == 2
    return answer(shop)


def becomes_one(shop):
    shop.hears("A mesma", addressing=Addressing.LID_WITH_PHONE)
    assert shop.world.value("select count(*) from chats where status <> 'merged'") == 1


def is_done_once(shop, message_id):
    message = shown(shop, message_id)
    assert (message["text"], message["pending"]) == ("Boa tarde!", [])
    assert (acts(shop), shop.waha.refused) == ([("edit", "Boa tarde!")], [])
    places = "select m.chat_id, m.contact_id from {} m where m.{} = :id"
    said = shop.world.rows(places.format("messages", "id"), id=message_id)
    assert shop.world.rows(places.format("message_actions", "message_id"), id=message_id) == said


def test_it_is_done_in_the_chat_that_its_own_became_one_with(shop, hidden):
    patch(shop, hidden, text="Boa tarde!")
    becomes_one(shop)
    (task,) = shop.world.tasks("perform_message_action")
    assert again(task) == 204
    is_done_once(shop, hidden)


@pytest.mark.parametrize("moves", [True, False])
def test_a_chat_that_becomes_one_meanwhile_keeps_nothing_from_being_recorded(shop, hidden, monkeypatch, moves):
    call = performing._call

    def merged(errand):
        outcome = call(errand)
        mine = shop.world.rows("select chat_id, contact_id from message_actions")[0]
        becomes_one(shop)
        if not moves:
            shop.world.run("update message_actions set chat_id = :chat_id, contact_id = :contact_id", **mine)
        return outcome

    monkeypatch.setattr(performing, "_call", merged)
    patch(shop, hidden, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    assert again(task) == 204
    assert shop.world.value("select status from message_actions") == "done"
    if moves:
        is_done_once(shop, hidden)
