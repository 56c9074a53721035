from shared.crm.channels.tasks import StopChannel
from tests.support.calls import give


def stop(shop, *, logout=False):
    return give(shop.tenant.tenant_id, StopChannel(channel_id=shop.channel.id, logout=logout))


def test_a_channel_that_is_wanted_again_is_left(shop, session):
    assert stop(shop) == 204
    assert session.status == "WORKING"


def test_a_provider_that_is_away_is_asked_again(shop, session, nowhere):
    shop.world.run("update channels set status = 'inactive' where id = :id", id=shop.channel.id)
    assert stop(shop) == 503


def test_a_session_that_is_gone_needs_no_stopping(shop, session):
    shop.world.run("update channels set status = 'inactive' where id = :id", id=shop.channel.id)
    session.api_key = "another"
    assert stop(shop, logout=True) == 204
