import pytest

from tests.support.calls import tick


@pytest.fixture
def tick_():
    def go():
        assert tick("watch_channels") == 204

    return go


def test_each_active_channel_is_looked_after_in_turn(shops, swept, everything, tick_):
    ours, theirs = shops
    before = everything()
    tick_()
    expected = sorted((str(shop.tenant.tenant_id), "check_channel", str(shop.channel.id)) for shop in shops)
    assert swept() == expected
    assert everything() == before  # who finds does not act
    ours.world.drain()
    swept()
    tick_()
    assert swept() == []
    ours.world.advance(15 * 60)
    theirs.world.run("update channels set status = 'inactive' where id = :id", id=theirs.channel.id)
    tick_()
    assert swept() == [(str(ours.tenant.tenant_id), "check_channel", str(ours.channel.id))]
