from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.crm.messages.tasks import ResumeMessage
from shared.kernel.ids import uuid7
from tests.support.calls import give, tell
from tests.support.shop import open_shop

HALF_SENT = "update messages set status = 'sending', claimed_at = clock_timestamp() where id = :id"


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears("Oi")
        shop.settles()
        yield shop


@pytest.fixture
def resume(shop):
    return lambda said: give(shop.tenant.tenant_id, ResumeMessage(message_id=said))


def status(shop, said):
    return shop.message(id=str(said))["status"]


def test_a_message_whose_event_was_lost_is_sent_once(shop, resume):
    said = shop.says("Bom dia")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(resume, [said] * 16)) <= {204, 503}
    assert resume(said) == 204
    assert (shop.sent, status(shop, said)) == (["Bom dia"], "sent")


def test_the_event_that_comes_after_all_sends_nothing_more(shop, world, resume):
    said = shop.says("Bom dia")
    assert resume(said) == 204
    assert [tell(event) for event in world.events("message.queued")] == [[204]]
    assert shop.sent == ["Bom dia"]


def test_a_message_that_was_half_sent_is_followed_and_not_sent_again(shop, world, resume):
    said = shop.says("Bom dia")
    world.run(HALF_SENT, id=said)
    assert (resume(said), status(shop, said)) == (503, "sending")
    world.advance(91)
    assert (resume(said), status(shop, said)) == (204, "unknown")
    assert [row["body"]["data"]["message_id"] for row in world.tasks("reconcile_message")] == [str(said)]
    assert shop.sent == []


@pytest.mark.parametrize("first_is", ["queued", "sending"])
def test_a_message_does_not_overtake_one_that_waits(shop, world, resume, first_is):
    first, second = shop.says("um"), shop.says("dois")
    if first_is == "sending":
        world.run(HALF_SENT, id=first)
    assert (resume(second), status(shop, second)) == (204, "queued")
    world.advance(91)
    assert [resume(first), resume(second)] == [204, 204]
    assert shop.sent == (["um", "dois"] if first_is == "queued" else ["dois"])


@pytest.mark.parametrize("ended", ["sent", "delivered", "read", "failed", "cancelled", "unknown"])
def test_a_message_that_is_not_left_behind_stays_as_it_is(shop, world, resume, ended):
    said = shop.says("Bom dia")
    world.run("update messages set status = :ended where id = :id", ended=ended, id=said)
    assert resume(said) == 204
    assert (shop.sent, status(shop, said)) == ([], ended)


def test_a_message_that_is_not_there_is_nothing_to_do(shop, resume, other_tenant):
    said = shop.says("Bom dia")
    assert resume(uuid7()) == 204
    assert give(other_tenant.tenant_id, ResumeMessage(message_id=said)) == 204
    assert (shop.sent, status(shop, said)) == ([], "queued")
