"""Deleting a content while others come and go that have the same."""

import contextlib

from shared.crm.media import fetching
from shared.crm.media.tasks import FetchMedia, RemoveMediaObject
from tests.support.calls import again, give
from tests.support.environment import environment


def stored(shop):
    shop.hears("olha", kind="image", message_id="3EB0AA20")
    shop.world.drain()
    return shop.world.rows("select * from media_files")[0]


def marked(shop):
    """Its file is forgotten, and the deletion of its content is still to come."""
    found = stored(shop)
    shop.world.run("update media_objects set status = 'removing', removing_since = now()")
    return found


def test_what_is_referred_to_is_not_deleted(shop):
    found = stored(shop)
    assert give(shop.tenant.tenant_id, RemoveMediaObject(sha256=found["sha256"])) == 204
    assert len(shop.bucket.names) == 1


def test_deleting_twice_does_no_harm(shop):
    found = marked(shop)
    shop.world.run("update messages set media_file_id = null")
    shop.world.run("delete from media_files")
    for _ in range(2):
        assert give(shop.tenant.tenant_id, RemoveMediaObject(sha256=found["sha256"])) == 204
    assert shop.bucket.names == []
    assert shop.world.value("select count(*) from media_objects") == 0


def test_a_bucket_that_is_away_is_asked_again(shop):
    found = marked(shop)
    with environment({"STORAGE_BASE_URL": "http://127.0.0.1:9"}):
        assert give(shop.tenant.tenant_id, RemoveMediaObject(sha256=found["sha256"])) == 503
    assert shop.world.value("select status from media_objects") == "removing"


def test_a_file_with_the_same_content_waits_until_it_is_gone(shop):
    marked(shop)
    url = shop.world.value("select media ->> 'url' from messages")
    shop.hears("o mesmo", kind="image", media={"url": url, "mimetype": "image/jpeg", "filename": None})
    shop.world.drain()
    late = shop.world.rows("select * from media_files order by created_at")[1]
    assert (late["status"], late["reason"], late["sha256"]) == ("pending", "being_removed", None)


def test_a_file_that_is_forgotten_while_it_is_fetched_leaves_nothing(shop, monkeypatch):
    shop.hears("olha", kind="image")
    record = fetching._record

    def forgotten(transactions, media_id, outcome):
        shop.world.run("update messages set media_file_id = null")
        shop.world.run("delete from media_files")
        record(transactions, media_id, outcome)

    monkeypatch.setattr(fetching, "_record", forgotten)
    shop.world.drain()
    assert shop.bucket.names == []
    assert shop.world.value("select count(*) from media_objects") == 0


def test_a_fetching_that_was_killed_is_taken_up_when_its_lease_is_over(shop, monkeypatch):
    shop.hears("olha", kind="image")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fetching, "_record", killed)
        with contextlib.suppress(KeyboardInterrupt):
            shop.world.drain()
    (found,) = shop.world.rows("select * from media_files")
    (task,) = shop.world.tasks("fetch_media")
    assert found["status"] == "downloading"
    assert again(task) == 503
    shop.world.advance(601)
    assert give(shop.tenant.tenant_id, FetchMedia(media_id=found["id"])) == 204
    assert shop.world.value("select status from media_files") == "stored"
    assert len(shop.bucket.names) == 1
