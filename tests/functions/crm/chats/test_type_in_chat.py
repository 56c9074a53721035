import pytest

from tests.support.shop import open_shop


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


def test_the_other_side_sees_somebody_type_for_a_while(shop):
    assert type_in(shop, seconds=3).status_code == 204
    shop.world.drain()
    assert acts(shop) == ["typing"]
    shop.settles()
    assert acts(shop) == ["typing", "stop_typing"]
    assert shop.waha.refused == []


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_it_can_be_ended_before(shop):
    type_in(shop, seconds=0)
    shop.settles()
    assert acts(shop) == ["stop_typing"]


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
@pytest.mark.parametrize("seconds", [-1, 26, "3"])
def test_a_while_is_less_than_half_a_minute(shop, seconds):
    assert type_in(shop, seconds=seconds).status_code == 422


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_only_who_may_write_types(shop):
    path = f"/api/v1/crm/chats/{shop.world.value('select id from chats')}/typing"
    assert shop.api.post(path, {}, as_=shop.tenant.viewer).status_code == 403
    assert shop.api.post(path, {}).status_code == 401
