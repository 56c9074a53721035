import pytest

from infra.fakes.waha_events import Party
from infra.fakes.waha_state import Fault
from tests.support.calls import again
from tests.support.shop import ANA, SESSION, open_shop

PATH = "/api/v1/crm/messages/{}/read"
GROUP = "120363000000000001@g.us"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")


@pytest.fixture(params=["WEBJS", "WPP", "NOWEB", "GOWS"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        yield shop


def read(shop, said):
    message_id = shop.world.value("select id from messages where text = :said", said=said)
    return shop.api.post(PATH.format(message_id), as_=shop.tenant.agent)


def ticks(shop):
    return [(act.chat_id, act.value, [each.split("_")[2] for each in act.ids]) for act in shop.waha.acts]


def test_the_customer_sees_it_too(shop):
    for number in range(3):
        shop.hears(f"{number}", message_id=f"3EB0A{number}")
    read(shop, "1")
    shop.world.drain()
    (seen,) = ticks(shop)
    assert seen == (shop.waha.acts[0].chat_id, None, ["3EB0A0", "3EB0A1"])
    read(shop, "1")
    read(shop, "2")
    shop.world.drain()
    assert ticks(shop)[1:] == [(seen[0], None, ["3EB0A2"])]
    assert shop.waha.refused == []


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_in_a_group_each_hears_of_their_own(shop):
    for number, customer in enumerate((ANA, BIA, ANA)):
        shop.hears(f"{number}", message_id=f"3EB0A{number}", customer=customer, group=GROUP)
    read(shop, "2")
    shop.world.drain()
    assert sorted(ticks(shop), key=str) == [
        (GROUP, BIA.phone_address, ["3EB0A1"]),
        (GROUP, ANA.phone_address, ["3EB0A0", "3EB0A2"]),
    ]


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_a_lost_word_is_said_again_and_a_refused_one_is_not(shop):
    shop.hears("0")
    shop.waha.set_fault(SESSION, Fault(kind="drop", times=2, sent=False))
    read(shop, "0")
    (task,) = shop.world.tasks("tell_read")
    assert [again(task), again(task), again(task)] == [503, 503, 204]
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    assert again(task) == 204
    assert len(shop.waha.acts) == 1


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_a_server_that_is_pressed_is_told_later(shop):
    shop.hears("0")
    shop.waha.set_fault(SESSION, Fault(kind="error_429"))
    read(shop, "0")
    (task,) = shop.world.tasks("tell_read")
    assert [again(task), again(task)] == [503, 204]
    assert len(shop.waha.acts) == 1


@pytest.mark.parametrize("shop", ["GOWS"], indirect=True)
def test_through_an_inactive_channel_nobody_is_told(shop):
    shop.hears("0")
    shop.world.run("update channels set status = 'inactive'")
    assert read(shop, "0").status_code == 200
    shop.world.drain()
    assert shop.waha.acts == []
