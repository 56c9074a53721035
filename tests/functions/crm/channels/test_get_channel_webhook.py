from infra.fakes.webhooks import Webhook
from shared.crm.channels.control import EVENTS


def test_it_says_whether_the_provider_delivers_here(shop, path, api, tenant, session):
    before = api.get(f"{path}/webhook-info", as_=tenant.admin)
    assert before.status_code == 200
    assert before.json == {"is_configured": False, "events": [], "missing": [*EVENTS], "others": 0}
    api.post(f"{path}/configure-webhook", as_=tenant.admin)
    shop.world.drain()
    after = api.get(f"{path}/webhook-info", as_=tenant.admin)
    assert after.json == {"is_configured": True, "events": sorted(EVENTS), "missing": [], "others": 0}
    assert session.webhook.url not in after.text
    api.patch(path, {"rotate_token": True}, as_=tenant.admin)
    stale = api.get(f"{path}/webhook-info", as_=tenant.admin)
    assert (stale.json["is_configured"], stale.json["others"]) == (False, 1)


def test_everything_lacks_nothing(shop, path, api, tenant, session):
    api.post(f"{path}/configure-webhook", as_=tenant.admin)
    shop.world.drain()
    session.webhook = Webhook(url=session.webhook.url, events=("*",))
    assert api.get(f"{path}/webhook-info", as_=tenant.admin).json["missing"] == []


def test_only_an_admin_asks(path, api, tenant, other_tenant):
    assert api.get(f"{path}/webhook-info", as_=tenant.agent).status_code == 403
    assert api.get(f"{path}/webhook-info", as_=other_tenant.admin).status_code == 404
