import pytest

from infra.fakes.waha_state import Fault
from tests.support.shop import SESSION, open_shop


@pytest.fixture(params=["WEBJS", "WPP", "NOWEB", "GOWS"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        shop.hears("Oi")
        yield shop


def type_in(shop, **body):
    chat_id = shop.world.value("select id from chats")
    return shop.api.post(f"/api/v1/crm/chats/{chat_id}/typing", body, as_=shop.tenant.agent)


def acts(shop):
    return [each.type for each in shop.waha.acts]


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_what_comes_too_late_is_not_shown(shop):
    type_in(shop, seconds=3)
    shop.world.advance(120)
    shop.world.drain()
    assert acts(shop) == []


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_a_server_in_trouble_is_not_asked_again(shop):
    shop.waha.set_fault(SESSION, Fault(kind="error_500", sent=False))
    type_in(shop, seconds=3)
    assert shop.world.drain().failures == []
    assert acts(shop) == []
