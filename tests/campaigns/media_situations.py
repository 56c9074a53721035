"""How the consumers and tasks of files come to have something to do."""

from typing import Any
from uuid import UUID

from infra.fakes.waha_events import Said
from infra.fakes.waha_history import Archive, Kept
from shared.crm.history.tasks import CollectLeftMedia
from shared.crm.media.tasks import FetchImportedMedia, FetchMedia, RemoveMediaObject, RemoveOldMedia
from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.runtime.outbox import plain
from tests.campaigns.holding import held_back
from tests.support.shop import ANA, SESSION, Shop

Bodies = list[dict[str, Any]]
_OLD = "update media_files set created_at = created_at - interval '400 days' where tenant_id = :tenant_id"


def _rows(shop: Shop, table: str) -> list[dict[str, Any]]:
    return shop.world.rows(
        f"select * from {table} where tenant_id = :tenant_id order by created_at", tenant_id=shop.tenant.tenant_id
    )


def _body(shop: Shop, task: Task) -> dict[str, Any]:
    return {"task_id": str(uuid7()), "tenant_id": str(shop.tenant.tenant_id), "data": plain(task)}


def _events(shop: Shop, *types: str) -> Bodies:
    return [row["envelope"] for row in _rows(shop, "outbox_events") if row["type"] in types]


def _show(shop: Shop) -> None:
    """Two files come, a second apart, however long it takes: within one, less of the chat would change."""
    at = int(shop.world.now().timestamp())
    shop.hears("olha", kind="image", customer=ANA, timestamp=at - 1)
    shop.hears("e isto", kind="document", customer=ANA, timestamp=at)


def _stored(shop: Shop) -> list[dict[str, Any]]:
    _show(shop)
    shop.settles()
    return _rows(shop, "media_files")


def announced(shop: Shop) -> Bodies:
    """Two files came and one was sent from an address, and nobody has heard of them yet."""
    _show(shop)
    (chat,) = _rows(shop, "chats")
    body = {"chat_id": chat["id"], "type": "image", "url": "https://files.example.com/menu.jpg"}
    assert shop.api.post("/api/v1/crm/messages", body, as_=shop.tenant.agent).status_code == 201
    with held_back("collect_media"):
        shop.settles()
    return _events(shop, "message.media_announced", "message.media_sent")


def imported(shop: Shop) -> Bodies:
    """Last month's messages were imported with their files, and nobody has heard of it yet."""
    archive = shop.waha.archives[SESSION] = Archive(shop.engine)
    at = int(shop.world.now().timestamp()) - 30 * 24 * 3600
    for number, kind in enumerate(("text", "image", "document")):
        said = Said(kind=kind, body="olha", customer=ANA, message_id=f"3EB0BB0{number}", timestamp=at + number)
        archive.add(Kept(said=said, ack=3))
    path = f"/api/v1/crm/channels/{shop.channel.id}/import-history"
    assert shop.api.post(path, {"media": True}, as_=shop.tenant.admin).status_code == 202
    with held_back("collect_imported_media"):
        shop.settles()
    return _events(shop, "message.imported")


def left(shop: Shop) -> Bodies:
    """Last month's messages were here before an import wanted their files, which nobody has fetched."""
    imported(shop)
    run = _rows(shop, "history_runs")[-1]
    return [_body(shop, CollectLeftMedia(run_id=UUID(run["id"])))]


def to_fetch(shop: Shop) -> Bodies:
    """Files that were collected, and whose own tasks have been lost."""
    return [_body(shop, FetchMedia(media_id=media)) for media in _waiting(shop)]


def to_fetch_later(shop: Shop) -> Bodies:
    return [_body(shop, FetchImportedMedia(media_id=media)) for media in _waiting(shop)]


def _waiting(shop: Shop) -> list[UUID]:
    found = _stored(shop)
    tenant = {"tenant_id": shop.tenant.tenant_id}
    shop.world.run("delete from outbox_events where type = 'message.media_stored' and tenant_id = :tenant_id", **tenant)
    shop.world.run(
        """update media_files set status = 'pending', attempts = 0, sha256 = null, mimetype = null, size_bytes = null
        where tenant_id = :tenant_id""",
        **tenant,
    )
    return [UUID(row["id"]) for row in found]


def gone_and_back(shop: Shop) -> Bodies:
    """A contact with files is deleted, and writes again."""
    _stored(shop)
    (contact,) = _rows(shop, "contacts")
    assert shop.api.delete(f"/api/v1/crm/contacts/{contact['id']}", as_=shop.tenant.admin).status_code == 204
    shop.hears("voltei", customer=ANA)
    return _events(shop, "contact.deleted", "contact.restored")


def outlived(shop: Shop) -> Bodies:
    _stored(shop)
    shop.world.run(_OLD, tenant_id=shop.tenant.tenant_id)
    return [_body(shop, RemoveOldMedia(project_id=shop.tenant.project_id))]


def unreferred(shop: Shop) -> Bodies:
    found = _stored(shop)
    tenant = {"tenant_id": shop.tenant.tenant_id}
    shop.world.run("update messages set media_file_id = null where tenant_id = :tenant_id", **tenant)
    shop.world.run("delete from media_files where tenant_id = :tenant_id", **tenant)
    shop.world.run(
        "update media_objects set status = 'removing', removing_since = now() where tenant_id = :tenant_id", **tenant
    )
    return [_body(shop, RemoveMediaObject(sha256=row["sha256"])) for row in found]


MEDIA_SITUATIONS = {
    "collect_imported_media": imported,
    "collect_left_media": left,
    "collect_media": announced,
    "expire_media": gone_and_back,
    "fetch_imported_media": to_fetch_later,
    "fetch_media": to_fetch,
    "remove_media_object": unreferred,
    "remove_old_media": outlived,
}
