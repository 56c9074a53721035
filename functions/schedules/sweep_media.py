from uuid import UUID

from shared.crm.media.model import Priority
from shared.crm.media.tasks import FetchImportedMedia, FetchMedia, RemoveMediaObject, RemoveOldMedia
from shared.kernel.tasks import Task
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_LEFT = """
select tenant_id, id, priority from media_files
where status in ('pending', 'downloading') and due_at < clock_timestamp() - interval '2 minutes'
order by due_at limit 500
"""
_OLD = """
select p.tenant_id, p.id from projects p
where exists (
    select from media_files f
    where f.tenant_id = p.tenant_id and f.project_id = p.id
      and f.created_at < clock_timestamp() - make_interval(days => p.media_kept_days))
or exists (
    select from media_files f
    where f.tenant_id = p.tenant_id and f.project_id = p.id and f.expires_at < clock_timestamp())
"""
_REMOVING = """
select tenant_id, sha256 from media_objects
where status = 'removing' and removing_since < clock_timestamp() - interval '10 minutes'
order by removing_since limit 500
"""


@schedule("*/5 * * * *")
def sweep_media(tenants: AllTenants) -> None:
    """Go on with files that were left half fetched or half deleted, and find those whose time is over."""
    left, old, removing = (tenants.find(sql(query)) for query in (_LEFT, _OLD, _REMOVING))
    tenants.schedule((UUID(tenant), _fetch(UUID(media), priority)) for tenant, media, priority in left)
    tenants.schedule((UUID(tenant), RemoveOldMedia(project_id=UUID(project))) for tenant, project in old)
    tenants.schedule((UUID(tenant), RemoveMediaObject(sha256=sha256 or "")) for tenant, sha256 in removing)


def _fetch(media_id: UUID, priority: str | None) -> Task:
    kind = FetchImportedMedia if priority == Priority.IMPORT else FetchMedia
    return kind(media_id=media_id)
