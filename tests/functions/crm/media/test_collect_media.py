from infra.fakes.waha_events import make_event
from shared.crm.media.collecting import collect
from shared.crm.media.model import Priority
from shared.runtime.work import unit_of_work
from tests.support.calls import retold, tell
from tests.support.shop import ANA


def test_a_text_costs_no_call(shop):
    shop.hears("só texto")
    assert "collect_media" not in shop.world.drain().calls


def test_an_event_that_comes_again_collects_nothing_more(shop):
    shop.hears("olha", kind="image")
    shop.world.drain()
    (event,) = shop.world.events("message.media_announced")
    assert tell(event) == tell(retold(event)) == [204]
    assert shop.world.value("select count(*) from media_files") == 1
    assert len(shop.world.tasks("fetch_media")) == 1


def test_many_messages_are_collected_at_once_and_each_once(shop):
    for _ in range(5):
        shop.hears("olha", kind="image")
    shop.hears("e um texto")
    ids = [row["id"] for row in shop.world.rows("select id from messages order by id")]
    with unit_of_work(shop.tenant.tenant_id) as uow:
        assert len(collect(uow, ids, Priority.IMPORT)) == 5
        assert collect(uow, ids, Priority.IMPORT) == []
        uow.commit()
    assert len(shop.world.tasks("fetch_imported_media")) == 5
    assert shop.world.value("select count(distinct media_file_id) from messages") == 5


def test_a_deleted_message_has_its_file_fetched_no_more(shop):
    shop.hears("olha", kind="image")
    shop.world.run("update messages set deleted_at = now()")
    shop.world.drain()
    assert shop.world.value("select count(*) from media_files") == 0


def test_a_placeholder_that_is_filled_with_a_file_has_it_fetched(shop, media_of):
    at = int(shop.world.now().timestamp())
    awaited = make_event("GOWS", "text", body=None, customer=ANA, message_id="3EB0AA60", timestamp=at)
    assert shop.channel.deliver({**awaited, "event": "message.waiting"}).status_code == 200
    assert "collect_media" not in shop.world.drain().calls
    shop.hears("olha", kind="image", message_id="3EB0AA60", timestamp=at)
    shop.world.drain()
    assert media_of(shop)["status"] == "stored"
