"""What is done to a chat at its provider, once it was asked for."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import Addressing
from infra.fakes.waha_state import Fault
from shared.crm.chat_actions import performing
from tests.functions.crm.chats.asking import acts, ask, chat_shop, pending, shown, told
from tests.support.calls import again
from tests.support.shop import SESSION

LABEL = "insert into channel_labels (tenant_id, project_id, channel_id, label, name, stamp) {}"
OF_CHANNEL = "select tenant_id, project_id, id, '1', 'Novo', '' from channels"


@pytest.fixture
def shop(world, api, tenant):
    with chat_shop("NOWEB", world, api, tenant) as shop:
        world.run(LABEL.format(OF_CHANNEL))
        yield shop


@pytest.fixture
def task(shop):
    """A label is to be put on Ana's chat."""
    assert ask(shop, "PUT", "/labels", {"labels": ["1"]}).status_code == 202
    (task,) = shop.world.tasks("perform_chat_action")
    return task


def labels(shop):
    return [each["label"] for each in shown(shop)["labels"]]


def test_an_action_that_is_done_twice_at_once_is_done_in_a_row_and_counts_once(shop, task):
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(again, [task] * 8))
    assert set(statuses) <= {204, 503}
    assert again(task) == 204
    assert (len(shop.waha.acts), told(shop, "chat.label_added"), labels(shop)) == (1, 1, ["1"])


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("kind", ["error_500", "drop"])
def test_a_lost_answer_is_asked_again(shop, task, kind, done):
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=done))
    assert again(task) == 503
    assert (labels(shop), pending(shop)) == ([], [("labels", "queued")])
    assert again(task) == 204
    assert (labels(shop), pending(shop)) == (["1"], [])


def test_a_server_that_stays_away_is_given_up_after_ten_minutes(shop, task):
    shop.world.run("update channels set base_url = 'http://127.0.0.1:1'")
    assert again(task) == 503
    shop.world.advance(601)
    assert again(task) == 204
    (change,) = shown(shop)["pending"]
    assert (change["status"], change["failure_code"]) == ("failed", "unreachable")
    ask(shop, "PUT", "/labels", {"labels": []})
    assert [each["labels"] for each in shown(shop)["pending"]] == [[]]


def test_what_is_refused_for_now_is_done_when_it_may_be(shop, task):
    shop.waha.state.sessions[SESSION].status = "STARTING"
    assert (again(task), pending(shop)) == (503, [("labels", "queued")])
    shop.waha.state.sessions[SESSION].status = "WORKING"
    assert (again(task), labels(shop)) == (204, ["1"])


def test_whoever_died_between_claim_and_answer_leaves_it_to_the_next(shop, task, monkeypatch):
    class Killed(BaseException):
        pass

    def die(errand):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(performing, "_call", die)
        with pytest.raises(Killed):
            again(task)
    assert again(task) == 503
    shop.world.advance(61)
    assert (again(task), labels(shop)) == (204, ["1"])


def test_nothing_is_done_through_an_inactive_channel(shop, task):
    shop.world.run("update channels set status = 'inactive'")
    assert again(task) == 204
    assert (shown(shop)["pending"][0]["failure_code"], shop.waha.acts) == ("channel_inactive", [])


@pytest.mark.parametrize("meanwhile", [True, False])
def test_it_is_done_in_the_chat_that_its_own_became_one_with(shop, monkeypatch, meanwhile):
    shop.hears("Sou eu", addressing=Addressing.LID)
    newer = shop.world.value("select id from chats order by id desc limit 1")
    path = f"/api/v1/crm/chats/{newer}/labels"
    assert shop.api.put(path, {"labels": ["1"]}, as_=shop.tenant.agent).status_code == 202
    (task,) = shop.world.tasks("perform_chat_action")
    call = performing._call

    def merged(errand):
        outcome = call(errand)
        shop.hears("A mesma", addressing=Addressing.LID_WITH_PHONE)
        return outcome

    if meanwhile:
        monkeypatch.setattr(performing, "_call", merged)
    else:
        shop.hears("A mesma", addressing=Addressing.LID_WITH_PHONE)
    assert again(task) == 204
    assert (labels(shop), pending(shop), len(acts(shop))) == (["1"], [], 1)
