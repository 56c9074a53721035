from datetime import timedelta

import pytest

from shared.ai.responders.base import Speaker
from shared.ai.runs.conversation import MOST_TURNS, bot_replies_within, last_turns, said_lately
from shared.crm.messages.model import SenderKind
from shared.runtime.work import unit_of_work
from tests.support.shop import open_shop

HOUR = timedelta(hours=1)
UNSAID = ("cancelled", "failed")


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears("Oi")
        yield shop


@pytest.fixture
def ask(shop, world):
    """Ask in a transaction of its own about the chat, or about its group."""

    def ask(question, *more, about="chat_id"):
        found = world.rows(f"select distinct {about} as id from messages where {about} is not null")[0]["id"]
        with unit_of_work(shop.tenant.tenant_id) as uow:
            return question(uow, found, *more)

    return ask


def test_the_conversation_is_told_in_order_with_who_spoke(shop, world, ask):
    began = int(world.now().timestamp())
    shop.hears(None, kind="voice", timestamp=began - 60)
    world.advance(1)
    shop.says("Bom dia")
    turns = ask(last_turns)
    assert [(turn.speaker, turn.text) for turn in turns] == [
        (Speaker.CUSTOMER, "[áudio 0:12]"),
        (Speaker.CUSTOMER, "Oi"),
        (Speaker.US, "Bom dia"),
    ]
    assert [turn.at for turn in turns] == sorted(turn.at for turn in turns)


def test_only_the_last_turns_are_told(shop, world, ask):
    began = int(world.now().timestamp())
    for number in range(MOST_TURNS + 3):
        shop.hears(f"mensagem {number}", timestamp=began + number)
    world.advance(60)
    texts = [turn.text for turn in ask(last_turns)]
    assert len(texts) == MOST_TURNS
    assert texts[-1] == f"mensagem {MOST_TURNS + 2}"


@pytest.mark.parametrize("unsaid", UNSAID)
def test_what_never_reached_the_customer_is_not_told(shop, world, ask, unsaid):
    shop.says("Bom dia")
    world.run("update messages set status = :unsaid where direction = 'outbound'", unsaid=unsaid)
    assert [turn.text for turn in ask(last_turns)] == ["Oi"]


def test_what_was_deleted_is_not_told(shop, world, ask):
    shop.says("Bom dia")
    world.run("update messages set deleted_at = now() where direction = 'inbound'")
    assert [turn.text for turn in ask(last_turns)] == ["Bom dia"]


def test_what_was_taken_back_is_not_told(shop, world, ask):
    shop.says("Bom dia")
    world.run("update messages set revoked_at = now() where direction = 'inbound'")
    assert [turn.text for turn in ask(last_turns)] == ["Bom dia"]


def test_only_the_bots_replies_of_late_are_counted(shop, world, ask):
    shop.says("antes", sender_kind=SenderKind.BOT)
    world.advance(HOUR.total_seconds())
    assert ask(bot_replies_within, HOUR) == 0
    for sender in (SenderKind.BOT, SenderKind.USER, SenderKind.BOT):
        shop.says("agora", sender_kind=sender)
    assert ask(bot_replies_within, HOUR) == 2
    world.run("update messages set status = 'cancelled' where text = 'agora'")
    assert ask(bot_replies_within, HOUR) == 0


@pytest.mark.parametrize(("minutes", "lately"), [(0, True), (29, True), (31, False)])
def test_a_message_is_fresh_for_half_an_hour(world, api, tenant, ask, minutes, lately):
    world.run("delete from messages")
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears("Oi", timestamp=int(world.now().timestamp()) - minutes * 60)
        assert ask(said_lately, about="message_group_id") is lately


def test_one_fresh_message_makes_a_burst_fresh(shop, world, ask):
    shop.hears("de ontem", timestamp=int(world.now().timestamp()) - 24 * 60 * 60)
    assert ask(said_lately, about="message_group_id")
