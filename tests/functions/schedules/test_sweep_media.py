import pytest

from tests.support.calls import tick
from tests.support.shop import open_shop


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        yield shop


def test_a_lost_task_is_made_again(shop):
    shop.hears("olha", kind="image")
    shop.world.drain()
    shop.world.run("update media_files set status = 'pending', attempts = 0, due_at = now()")
    tick("sweep_media")
    assert len(shop.world.tasks("fetch_media")) == 1
    shop.world.advance(121)
    tick("sweep_media")
    shop.world.drain()
    assert len(shop.world.tasks("fetch_media")) == 2
    assert shop.world.value("select status from media_files") == "stored"


def test_an_imported_one_is_made_again_in_its_own_queue(shop):
    shop.hears("olha", kind="image")
    shop.world.drain()
    shop.world.run("""
        update media_files set status = 'pending', priority = 'import', due_at = now() - interval '3 minutes'""")
    tick("sweep_media")
    assert len(shop.world.tasks("fetch_imported_media")) == 1


def test_a_deletion_that_was_left_is_taken_up(shop):
    shop.hears("olha", kind="image")
    shop.world.drain()
    shop.world.run("update messages set media_file_id = null")
    shop.world.run("delete from media_files")
    shop.world.run("update media_objects set status = 'removing', removing_since = now() - interval '11 minutes'")
    tick("sweep_media")
    shop.world.drain()
    assert shop.bucket.names == []


def test_where_nothing_is_to_do_nothing_is_done(shop):
    tick("sweep_media")
    assert shop.world.drain().calls == {}
