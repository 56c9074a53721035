from uuid import UUID

import pytest

from infra.fakes.waha_events import Said
from infra.fakes.waha_files import sample
from infra.fakes.waha_history import Archive, Kept
from shared.crm.media.collecting import collect
from shared.crm.media.model import Priority
from shared.crm.media.tasks import FetchImportedMedia, FetchMedia
from shared.runtime.work import unit_of_work
from tests.support.shop import ANA, SESSION


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


@pytest.fixture
def past(any_shop):
    """The shop's WAHA remembers two messages of last month, one of them with a picture."""
    archive = any_shop.waha.archives[SESSION] = Archive(any_shop.engine)
    at = int(any_shop.world.now().timestamp()) - 30 * 24 * 3600
    for number, kind in enumerate(("text", "image")):
        said = Said(kind=kind, body="olha", customer=ANA, message_id=f"3EB0BB0{number}", timestamp=at + number)
        archive.add(Kept(said=said, ack=3))
    return any_shop


def imports(shop, **wishes):
    path = f"/api/v1/crm/channels/{shop.channel.id}/import-history"
    answer = shop.api.post(path, wishes, as_=shop.tenant.admin)
    assert answer.status_code == 202, answer.text
    return shop.world.drain()


def test_the_files_of_old_messages_are_fetched_where_that_was_asked_for(past, media_of):
    done = imports(past, media=True)
    found = media_of(past)
    assert (found["status"], found["priority"], found["size_bytes"]) == (
        "stored",
        "import",
        len(sample("image", "3EB0BB01")),
    )
    assert done.calls["fetch_imported_media"] == 1
    assert "fetch_media" not in done.calls
