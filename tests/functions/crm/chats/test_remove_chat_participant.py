import pytest

from tests.functions.crm.chats.asking import acts, ask, chat_of, contact_of, group_shop, pending, shown
from tests.support.borders import hidden
from tests.support.shop import ANA

PATH = "/api/v1/crm/chats/{}/participants"


@pytest.fixture
def shop(world, api, tenant):
    with group_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def remove(shop, contact_id, role="admin"):
    return ask(shop, "DELETE", f"/participants/{contact_id}", role=role)


def test_whoever_is_to_be_removed_is_once(shop):
    ana = contact_of(shop, ANA)
    assert [remove(shop, ana).status_code for _ in range(2)] == [202, 202]
    shop.world.drain()
    assert ([each[0] for each in acts(shop)], pending(shop)) == (["remove"], [])
    assert ana not in shown(shop)["participants"]
    assert remove(shop, ana).status_code == 404


def test_a_version_is_not_theirs(shop):
    path = f"{PATH.format(chat_of(shop))}/{contact_of(shop, ANA)}"
    answer = shop.api.delete(path, as_=shop.tenant.admin, headers={"If-Match": '"1"'})
    assert answer.status_code == 412
    assert pending(shop) == []


def test_an_admin_alone_removes(shop):
    ana = contact_of(shop, ANA)
    for role in ("agent", "viewer"):
        assert remove(shop, ana, role=role).status_code == 403
    assert shop.api.delete(f"{PATH.format(chat_of(shop))}/{ana}").status_code == 401


def test_what_is_another_tenants_is_not_there(shop, api, tenant, theirs):
    assert remove(shop, str(theirs.contact_id)).status_code == 404
    assert hidden(api, tenant.admin, "DELETE", f"{PATH}/{contact_of(shop, ANA)}", theirs.chat_id)
