from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.kernel.ids import uuid7
from tests.functions.crm.messages.asking import spoken_shop
from tests.functions.crm.messages.planned import planned
from tests.support.calls import again


@pytest.fixture
def shop(world, api, tenant):
    with spoken_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def due(shop):
    shop.world.advance(3 * 3600 + 1)
    (task,) = shop.world.tasks("send_scheduled_message")
    return task


def another(task):
    return {**task, "body": {**task["body"], "task_id": str(uuid7())}}


def test_however_often_the_timer_rings_it_is_sent_once(shop):
    planned(shop)
    task = due(shop)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(again, [task, another(task), another(task)] * 4))
    assert set(statuses) <= {204, 503}
    assert shop.world.value("select count(*) from messages where direction = 'outbound'") == 1
    shop.world.drain()
    assert len(shop.waha.sent) == 1


def test_too_early_it_waits_on(shop):
    planned(shop)
    (task,) = shop.world.tasks("send_scheduled_message")
    assert again(task) == 204
    assert shop.world.value("select status from scheduled_messages") == "scheduled"
    assert len(shop.world.tasks("send_scheduled_message")) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("update channels set status = 'inactive'", "channel_inactive"),
        ("update chats set kind = 'status', contact_id = null", "not_writable"),
    ],
)
def test_what_cannot_be_sent_by_then_is_told_so(shop, change, code):
    plan_id = planned(shop)
    task = due(shop)
    shop.world.run(change)
    assert again(task) == 204
    (row,) = shop.world.rows("select * from scheduled_messages")
    assert (row["status"], row["failure_code"]) == ("failed", code)
    assert row["failure_reason"]
    (told,) = shop.world.events("message.failed")
    assert told["data"]["message_id"] == plan_id
    assert shop.world.value("select count(*) from messages where direction = 'outbound'") == 0


def test_it_goes_to_the_chat_that_its_own_became_one_with(shop):
    plan_id = planned(shop)
    task = due(shop)
    shop.hears("Oi, da Bia", customer=type(shop.waha.state.sessions["loja"].me)(phone="5511900000002", name="Bia"))
    old, new = (row["id"] for row in shop.world.rows("select id from chats order by created_at"))
    shop.world.run("update chats set status = 'merged', merged_into_id = :new where id = :old", new=new, old=old)
    assert again(task) == 204
    assert shop.message(id=plan_id)["chat_id"] == new
