"""What is forgotten with time, and what stays."""

from shared.crm.media import removing
from tests.support.calls import tick
from tests.support.shop import ANA

DAY = 24 * 3600


def swept(shop):
    assert tick("sweep_media") == 204
    shop.world.drain()


def test_files_older_than_the_project_keeps_them_are_gone_with_their_objects(shop, api):
    shop.hears("velho", kind="image")
    shop.world.drain()
    shop.world.run("update media_files set created_at = created_at - interval '366 days'")
    shop.hears("novo", kind="image")
    shop.world.drain()
    assert len(shop.bucket.names) == 2
    swept(shop)
    (kept,) = shop.world.rows("select sha256 from media_files")
    assert shop.bucket.names == [f"tenants/{shop.tenant.tenant_id}/{kept['sha256']}"]
    assert shop.world.value("select count(*) from media_objects") == 1
    assert shop.world.value("select count(*) from messages where media_file_id is null") == 1
    messages = api.get(f"/api/v1/crm/messages?filter[chat_id]={chat(shop)}", as_=shop.tenant.viewer).get_json()["data"]
    assert [message["file"] is None for message in messages] == [False, True]


def chat(shop):
    return shop.world.value("select id from chats")


def test_a_project_may_keep_them_for_longer_or_shorter(shop, api):
    shop.hears("olha", kind="image")
    shop.world.drain()
    shop.world.run("update media_files set created_at = created_at - interval '10 days'")
    path = f"/api/v1/projects/{shop.tenant.project_id}"
    assert api.patch(path, {"media_kept_days": 11}, as_=shop.tenant.admin).status_code == 200
    swept(shop)
    assert len(shop.bucket.names) == 1
    assert api.patch(path, {"media_kept_days": 9}, as_=shop.tenant.admin).get_json()["media_kept_days"] == 9
    swept(shop)
    assert shop.bucket.names == []


def test_a_content_that_a_younger_file_has_stays(shop):
    shared = {"mimetype": "image/jpeg", "filename": None}
    shop.hears("um", kind="image", message_id="3EB0AA10")
    shop.world.drain()
    url = shop.world.value("select media ->> 'url' from messages")
    shop.hears("o mesmo", kind="image", media={**shared, "url": url})
    shop.world.drain()
    shop.world.run("""
        update media_files set created_at = created_at - interval '366 days'
        where id = (select min(id::text)::uuid from media_files)""")
    swept(shop)
    assert shop.world.value("select count(*) from media_files") == 1
    assert len(shop.bucket.names) == 1


def test_a_deleted_contacts_files_go_after_a_month_and_not_before(shop, api):
    shop.hears("olha", kind="image", customer=ANA)
    shop.world.drain()
    contact = shop.world.value("select id from contacts")
    api.delete(f"/api/v1/crm/contacts/{contact}", as_=shop.tenant.admin)
    shop.world.drain()
    shop.world.advance(29 * DAY)
    swept(shop)
    assert len(shop.bucket.names) == 1
    shop.world.advance(2 * DAY)
    swept(shop)
    assert shop.bucket.names == []


def test_many_go_in_several_strokes(shop, monkeypatch):
    monkeypatch.setattr(removing, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(removing, "_OLD", removing._OLD.replace("limit 500", "limit 2"))
    for _ in range(5):
        shop.hears("olha", kind="sticker")
    shop.world.drain()
    shop.world.run("update media_files set created_at = created_at - interval '366 days'")
    swept(shop)
    assert shop.bucket.names == []
    assert len(shop.world.tasks("remove_old_media")) == 3
