from tests.support.calls import retold, tell
from tests.support.shop import ANA


def deleted(shop, api):
    shop.hears("olha", kind="image", customer=ANA)
    shop.world.drain()
    (contact,) = shop.world.rows("select id from contacts")
    assert api.delete(f"/api/v1/crm/contacts/{contact['id']}", as_=shop.tenant.admin).status_code == 204
    shop.world.drain()


def test_a_deleted_contacts_files_end_a_month_later(shop, api, media_of):
    deleted(shop, api)
    ends = shop.world.value("""
        select (f.expires_at - c.deleted_at)::text from media_files f join contacts c on c.id = f.contact_id""")
    assert ends == "30 days"


def test_who_comes_back_keeps_them(shop, api, media_of):
    deleted(shop, api)
    shop.hears("voltei", customer=ANA)
    shop.world.drain()
    assert media_of(shop)["expires_at"] is None


def test_the_order_of_the_two_does_not_matter(shop, api, media_of):
    deleted(shop, api)
    shop.hears("voltei", customer=ANA)
    shop.world.drain()
    (event,) = shop.world.events("contact.deleted")
    tell(retold(event))
    assert media_of(shop)["expires_at"] is None
