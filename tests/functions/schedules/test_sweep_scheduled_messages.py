import pytest

from tests.functions.crm.messages.asking import spoken_shop
from tests.functions.crm.messages.planned import cancel, planned
from tests.support.calls import tick


@pytest.fixture
def shop(world, api, tenant):
    with spoken_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def test_what_a_lost_timer_left_is_sent(shop):
    planned(shop, "perdida", hours=1)
    cancel(shop, planned(shop, "cancelada", hours=1))
    planned(shop, "mais tarde", hours=5)
    shop.world.run("update outbox_tasks set published_at = now() where task = 'send_scheduled_message'")
    shop.world.advance(3600 + 30)
    assert tick("sweep_scheduled_messages") == 204
    shop.world.drain()
    assert shop.sent == []
    shop.world.advance(60)
    assert tick("sweep_scheduled_messages") == 204
    shop.world.drain()
    assert shop.sent == ["perdida"]
    assert tick("sweep_scheduled_messages") == 204
    shop.world.drain()
    assert shop.sent == ["perdida"]
