from shared.crm.channels.tasks import CheckChannel
from tests.support.calls import give


def test_before_anybody_has_looked_little_is_known(shop, path, api, tenant):
    told = api.get(f"{path}/health", as_=tenant.viewer)
    assert told.status_code == 200
    assert told.json["channel_id"] == str(shop.channel.id)
    assert (told.json["checked_at"], told.json["last_event_at"], told.json["timelocked"]) == (None, None, False)
    assert (told.json["deliveries"], told.json["sends"]) == (0, 0)


def test_it_shows_what_the_provider_said_and_what_went_wrong(shop, path, api, tenant, session, world):
    shop.hears("Oi")
    shop.says("Olá")
    shop.says("Olá de novo")
    shop.settles()
    world.run("update messages set status = 'failed' where text = 'Olá'")
    world.run("update inbound_deliveries set status = 'failed'")
    session.restrictions = {"reachoutTimelock": {"isActive": True}, "messageCapping": {"cappingStatus": "CAPPED"}}
    assert give(tenant.tenant_id, CheckChannel(channel_id=shop.channel.id)) == 204
    told = api.get(f"{path}/health", as_=tenant.viewer).json
    assert (told["connection"], told["problem"], told["capping"]) == ("working", None, "capped")
    assert (told["timelocked"], told["timelocked_until"]) == (True, None)
    assert (told["deliveries"], told["deliveries_failed"], told["sends"], told["sends_failed"]) == (1, 1, 2, 1)
    assert told["last_event_at"]
    world.advance(25 * 3600)
    later = api.get(f"{path}/health", as_=tenant.viewer.key).json
    assert (later["deliveries"], later["sends"]) == (0, 0)


def test_a_lock_whose_time_is_over_is_shown_as_none(shop, path, api, tenant, session):
    session.restrictions = {"reachoutTimelock": {"timeEnforcementEnds": int(shop.world.now().timestamp()) + 600}}
    assert give(tenant.tenant_id, CheckChannel(channel_id=shop.channel.id)) == 204
    assert api.get(f"{path}/health", as_=tenant.viewer.key).json["timelocked"] is True
    shop.world.advance(700)
    assert api.get(f"{path}/health", as_=tenant.viewer.key).json["timelocked"] is False


def test_anothers_channel_is_not_there(path, api, other_tenant):
    assert api.get(f"{path}/health", as_=other_tenant.admin).status_code == 404
