from uuid import UUID

from shared.crm.media.collecting import collect
from shared.crm.media.model import Priority
from shared.crm.media.tasks import FetchImportedMedia, FetchMedia
from shared.runtime.work import unit_of_work


def test_the_file_of_an_old_message_comes_by_a_queue_of_its_own(shop, media_of):
    shop.hears("olha", kind="image")
    (message,) = shop.world.rows("select id from messages")
    with unit_of_work(shop.tenant.tenant_id) as uow:
        collect(uow, [UUID(message["id"])], Priority.IMPORT)
        uow.commit()
    done = shop.world.drain()
    assert media_of(shop)["status"] == "stored"
    assert done.calls["fetch_imported_media"] == 1
    assert "fetch_media" not in done.calls
    assert FetchImportedMedia.queue != FetchMedia.queue
