import pytest

from infra.fakes.waha_events import make_event
from shared.kernel.ids import uuid7
from tests.support.functions import consumers_of, function_for
from tests.support.shop import ANA, open_shop
from tests.support.world import perform, push


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        yield shop


@pytest.mark.parametrize("engine", ["GOWS", "NOWEB", "WEBJS"])
def test_a_burst_gets_one_reply(world, api, tenant, engine):
    with open_shop(world, api, tenant, engine=engine) as shop:
        for text in ("Oi", "tudo bem?", "queria saber o preço"):
            shop.hears(text)
        shop.settles()
        assert len(shop.sent) == 1
        assert world.value("select text from message_groups") == "Oi tudo bem? queria saber o preço"
        reply = shop.message(sender_kind="bot")
        assert (reply["status"], reply["text"]) == ("sent", shop.sent[0])
        assert reply["external_id"]
        assert shop.outcomes() == ["replied"]
        run = world.rows("select * from ai_runs")[0]
        assert (run["status"], run["responder"], run["reply_message_id"]) == ("completed", "rules", reply["id"])
        assert shop.waha.refused == []


def test_without_a_bot_nobody_answers(world, api, tenant):
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears()
        shop.settles()
        assert (shop.sent, shop.outcomes()) == ([], ["no_agent"])


def test_a_message_that_was_old_on_arrival_gets_no_reply(shop, world):
    shop.hears(timestamp=int(world.now().timestamp()) - 31 * 60)
    shop.settles()
    assert (shop.sent, shop.outcomes()) == ([], ["no_agent"])


def test_groups_are_answered_only_where_the_channel_says_so(world, api, tenant):
    for replies, expected in ((False, ["no_agent"]), (True, ["no_agent", "replied"])):
        with open_shop(world, api, tenant, replies_in_groups=replies) as shop:
            shop.hears(group="120363000000000001@g.us")
            shop.settles()
            assert shop.outcomes() == expected


def test_asking_for_a_person_hands_over_and_the_bot_stays_silent(shop, world):
    shop.hears("quero falar com um atendente")
    shop.settles()
    assert len(shop.sent) == 1
    assert world.value("select held_by from sessions") == "human"
    shop.hears("alguém aí?")
    shop.settles()
    assert len(shop.sent) == 1
    assert shop.outcomes() == ["replied", "taken_over"]


def test_an_own_message_from_the_phone_silences_the_bot(shop):
    shop.hears("Oi")
    answer = shop.channel.deliver(make_event(shop.engine, "text", body="já respondo", customer=ANA, from_me=True))
    assert answer.status_code == 200
    shop.settles()
    assert (shop.sent, shop.outcomes()) == ([], ["taken_over"])


def test_after_twenty_replies_within_an_hour_a_person_is_called(shop, world):
    for number in range(21):
        shop.hears(f"mensagem {number}")
        shop.settles()
    assert len(shop.sent) == 20
    assert world.value("select held_by from sessions") == "human"
    assert shop.outcomes()[-1] == "taken_over"


def test_a_newer_message_takes_the_place_of_an_unsent_reply_and_carries_its_text(shop, world):
    shop.hears("qual o preço")
    world.advance(16)
    task = world.tasks("flush_message_group")[0]
    assert perform_task(task) == 204
    event = world.events("message_group.completed")[0]
    (spec,) = consumers_of("message_group.completed")
    assert push(spec, event) == 204
    assert shop.message(sender_kind="bot")["status"] == "queued"
    shop.hears("do bolo?")
    assert shop.message(sender_kind="bot")["status"] == "cancelled"
    shop.settles()
    assert shop.outcomes() == ["superseded", "replied"]
    assert len(shop.sent) == 1
    assert world.rows("select text from message_groups order by opened_at")[1]["text"] == "qual o preço do bolo?"


def test_every_delivery_of_the_same_event_runs_the_agent_once(shop, world):
    shop.hears("Oi")
    shop.settles()
    event = world.events("message_group.completed")[0]
    (spec,) = consumers_of("message_group.completed")
    for _ in range(5):
        assert push(spec, event) == 204
        assert push(spec, {**event, "event_id": str(uuid7())}) == 204
    shop.settles()
    assert world.value("select count(*) from ai_runs") == 1
    assert len(shop.sent) == 1


def perform_task(task):
    spec = function_for(task["task"])
    assert spec is not None
    return perform(spec, task["body"])


def test_an_old_message_that_comes_late_does_not_silence_the_answer_to_a_fresh_one(shop, world):
    shop.hears("qual o preço?")
    world.advance(20)
    (timer,) = world.tasks("flush_message_group")
    flush = function_for("flush_message_group")
    assert flush
    assert perform(flush, timer["body"]) < 300
    shop.hears("vi o bolo na vitrine", timestamp=int(world.now().timestamp()) - 45 * 60)
    shop.settles()
    assert len(shop.sent) == 1
    assert shop.outcomes() == ["superseded", "replied"]
    assert world.rows("select text from message_groups order by opened_at")[-1] == {
        "text": "qual o preço? vi o bolo na vitrine"
    }
