import pytest

from tests.functions.crm.chats.asking import BIA, acts, ask, chat_of, contact_of, group_shop, shown
from tests.support.borders import hidden
from tests.support.shop import ANA

PATH = "/api/v1/crm/chats/{}/participants"


@pytest.fixture
def shop(world, api, tenant):
    with group_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def rank(shop, contact_id, place="admin", role="agent"):
    return ask(shop, "PATCH", f"/participants/{contact_id}", {"role": place}, role=role)


def test_of_opposite_wishes_the_last_counts(shop):
    ana = contact_of(shop, ANA)
    for place in ("admin", "participant", "admin"):
        rank(shop, ana, place)
    shop.world.drain()
    assert [each[0] for each in acts(shop)] == ["promote"]
    assert ana in shown(shop)["admins"]


def test_whoever_made_the_group_stays_its_admin(shop):
    shop.world.run("update chat_participants set role = 'superadmin' where role = 'admin'")
    answer = rank(shop, contact_of(shop, BIA), "participant")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "group_is_theirs")


@pytest.mark.parametrize("place", ["superadmin", "king", None, 1])
def test_there_are_two_places(shop, place):
    assert rank(shop, contact_of(shop, ANA), place).status_code == 422


def test_only_who_may_write_ranks(shop):
    ana = contact_of(shop, ANA)
    assert rank(shop, ana, role="viewer").status_code == 403
    assert shop.api.patch(f"{PATH.format(chat_of(shop))}/{ana}", {"role": "admin"}).status_code == 401


def test_what_is_another_tenants_is_not_there(shop, api, tenant, theirs):
    assert rank(shop, str(theirs.contact_id)).status_code == 404
    path = f"{PATH}/{contact_of(shop, ANA)}"
    assert hidden(api, tenant.admin, "PATCH", path, theirs.chat_id, json={"role": "admin"})
