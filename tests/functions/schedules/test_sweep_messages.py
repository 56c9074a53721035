import pytest

from tests.support.calls import tick

HALF_SENT = "update messages set status = 'sending', claimed_at = clock_timestamp() where direction = 'outbound'"


@pytest.fixture
def queued(shops):
    """One message of each tenant waits to be sent: its tenant and id, in the order of tenants."""
    for shop in shops:
        shop.hears("Oi")
        shop.says("Bom dia")
    return shops[0].world.rows("select tenant_id, id from messages where direction = 'outbound' order by tenant_id")


@pytest.mark.parametrize(("half_sent", "seconds"), [(False, 120), (True, 90)])
def test_messages_that_were_left_behind_are_resumed_in_every_tenant(
    world, queued, swept, everything, half_sent, seconds
):
    if half_sent:
        world.run(HALF_SENT)
    swept()
    world.advance(seconds - 5)
    assert (tick("sweep_messages"), swept()) == (204, [])
    world.advance(6)
    before = everything()
    assert tick("sweep_messages") == 204
    assert swept() == [(row["tenant_id"], "resume_message", row["id"]) for row in queued]
    assert everything() == before


def test_a_message_whose_event_was_lost_is_sent_after_all(world, shops, queued):
    world.run("delete from outbox_events")
    world.advance(121)
    assert tick("sweep_messages") == 204
    world.drain()
    assert [shop.sent for shop in shops] == [["Bom dia"], ["Bom dia"]]


@pytest.mark.parametrize("ended", ["sent", "delivered", "read", "played", "failed", "cancelled", "unknown"])
def test_messages_that_are_under_nobodys_hands_are_left_alone(world, queued, swept, ended):
    world.run("update messages set status = :ended where direction = 'outbound'", ended=ended)
    world.advance(60 * 60)
    swept()
    assert (tick("sweep_messages"), swept()) == (204, [])
