from infra.fakes.waha_events import make_event
from shared.crm.channels.control import EVENTS
from shared.crm.inbound.gate import find_gate
from tests.support.shop import ANA, SESSION


def test_the_provider_is_told_where_to_deliver_and_how_to_sign(shop, path, api, tenant, session):
    assert api.post(f"{path}/configure-webhook", as_=tenant.admin).status_code == 202
    shop.world.drain()
    webhook = session.webhook
    assert set(webhook.events) == set(EVENTS)
    gate = find_gate(webhook.url.rpartition("/")[2])
    assert (gate.channel_id, gate.hmac_key) == (shop.channel.id, webhook.hmac_key)
    (event,) = shop.world.events("channel.webhook_configured")
    assert event["data"]["events"] == sorted(EVENTS)
    assert webhook.url not in str(shop.world.events())
    assert make_event(shop.engine, "text", session=SESSION, customer=ANA)["event"] in webhook.events


def test_an_inactive_channel_is_not(shop, path, api, tenant):
    shop.world.run("update channels set status = 'inactive' where id = :id", id=shop.channel.id)
    told = api.post(f"{path}/configure-webhook", as_=tenant.admin)
    assert (told.status_code, told.json["error"]["code"]) == (409, "channel_inactive")
