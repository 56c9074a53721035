from shared.crm.channels.tasks import StartChannel
from shared.kernel.ids import uuid7
from tests.support.calls import give


def start(shop, **more):
    return give(shop.tenant.tenant_id, StartChannel(channel_id=shop.channel.id), **more)


def told(shop, kind):
    return [event["data"] for event in shop.world.events(f"channel.{kind}")]


def test_a_refusal_is_told_with_its_reason(shop, session):
    session.api_key = "another"
    assert start(shop) == 204
    assert [each["reason"] for each in told(shop, "activation_failed")] == ["unauthorized"]
    assert told(shop, "activated") == []


def test_a_provider_that_is_away_is_asked_again(shop, session, nowhere):
    assert start(shop) == 503
    shop.world.run("update channels set base_url = :url where id = :id", url=shop.waha.url, id=shop.channel.id)
    assert start(shop) == 204
    assert len(told(shop, "activated")) == 1


def test_told_twice_it_is_written_down_once(shop, session):
    task_id = uuid7()
    assert (start(shop, task_id=task_id), start(shop, task_id=task_id)) == (204, 204)
    assert len(told(shop, "activated")) == 1


def test_a_channel_that_is_no_longer_wanted_is_left(shop, session):
    session.status = "STOPPED"
    shop.world.run("update channels set status = 'inactive' where id = :id", id=shop.channel.id)
    assert start(shop) == 204
    assert session.status == "STOPPED"
