import pytest

from tests.functions.crm.messages.asking import spoken_shop
from tests.functions.crm.messages.planned import cancel, change, planned


@pytest.fixture
def shop(world, api, tenant):
    with spoken_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def test_what_was_cancelled_is_never_sent(shop):
    plan_id = planned(shop)
    assert cancel(shop, plan_id).json["status"] == "cancelled"
    shop.settles()
    assert shop.waha.sent == []
    (told,) = shop.world.events("message.schedule_cancelled")
    assert told["data"]["by"] == str(shop.tenant.agent.user_id)


def test_it_is_cancelled_once_and_then_stays_as_it_is(shop):
    plan_id = planned(shop)
    cancel(shop, plan_id)
    again = cancel(shop, plan_id)
    assert (again.status_code, again.json["error"]["code"]) == (409, "not_scheduled")
    assert change(shop, plan_id, send_at="2027-01-01T10:00:00Z").status_code == 409


def test_what_went_is_not_cancelled_any_more(shop):
    plan_id = planned(shop)
    shop.settles()
    assert cancel(shop, plan_id).status_code == 409
    assert len(shop.waha.sent) == 1


def test_who_may_not(shop):
    path = f"/api/v1/crm/messages/scheduled/{planned(shop)}/cancel"
    assert shop.api.post(path, as_=shop.tenant.viewer).status_code == 403
    assert shop.api.post(path).status_code == 401
