"""Forgetting files, and marking for deletion the contents that then nothing refers to."""

from uuid import UUID

from shared.crm.media.model import MediaFile
from shared.crm.media.tasks import RemoveMediaObject, RemoveOldMedia
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

MOST_AT_ONCE = 500
GRACE_DAYS = 30  # a deleted contact who writes again comes back with all that was said
# Whoever refers to a content and whoever removes it meet at its row, and one of the two comes second.
_REFER = """
insert into media_objects as known (tenant_id, sha256) values (:tenant_id, :sha256)
on conflict (tenant_id, sha256) do update set status = known.status returning status
"""
_OLD = f"""
select f.id from media_files f join projects p on p.tenant_id = f.tenant_id and p.id = f.project_id
where f.tenant_id = :tenant_id and f.project_id = :project_id and f.status <> 'downloading' and (
    f.created_at < clock_timestamp() - make_interval(days => p.media_kept_days)
    or (f.expires_at < clock_timestamp() and exists (
        select from contacts c where c.tenant_id = f.tenant_id and c.id = f.contact_id and c.deleted_at is not null)))
order by f.created_at limit {MOST_AT_ONCE}
"""  # noqa: S608 - our own words
# Whichever of the two comes first: what counts is how the contact is now.
_EXPIRE = """
update media_files f set expires_at = c.deleted_at + make_interval(days => :days), version = f.version + 1
from contacts c where c.tenant_id = f.tenant_id and c.id = f.contact_id
  and f.tenant_id = :tenant_id and f.contact_id = :contact_id
"""
# In the order in which a file that is being fetched locks them: itself, then its content.
_LOCK_FILES = """
select id from media_files where tenant_id = :tenant_id and id = any(cast(:ids as uuid[])) order by id for update
"""
_LOCK_CONTENTS = """
select sha256 from media_objects where tenant_id = :tenant_id and sha256 in (
    select sha256 from media_files where tenant_id = :tenant_id and id = any(cast(:ids as uuid[])))
order by sha256 for update
"""
_FORGET = "delete from media_files where tenant_id = :tenant_id and id = any(cast(:ids as uuid[]))"
_UNREFERRED = """
update media_objects o set status = 'removing', removing_since = clock_timestamp()
where tenant_id = :tenant_id and sha256 = any(cast(:contents as text[])) and status = 'kept'
  and not exists (select from media_files f where f.tenant_id = o.tenant_id and f.sha256 = o.sha256)
returning sha256
"""


def refer(uow: UnitOfWork, media: MediaFile, sha256: str) -> bool:
    """Let a file refer to a content; False while that is being removed."""
    status = uow.run(sql(_REFER, tenant_id=uow.tenant_id, sha256=sha256))[0][0][0]
    if status != "kept":
        return False
    before, media.sha256 = media.sha256, sha256
    if before not in {None, sha256}:
        _part_with(uow, [before or ""])
    return True


def release(uow: UnitOfWork, sha256: str) -> None:
    """Have a content deleted that was brought for nobody, unless a file has it."""
    uow.run(sql(_REFER, tenant_id=uow.tenant_id, sha256=sha256))
    _part_with(uow, [sha256])


def remove_old(uow: UnitOfWork, project_id: UUID) -> None:
    """Forget files of a project whose time is over, the oldest first; what is left then is another task's."""
    found = uow.run(sql(_OLD, tenant_id=uow.tenant_id, project_id=project_id))[0]
    forget(uow, [row[0] or "" for row in found])
    if len(found) == MOST_AT_ONCE:
        uow.schedule(RemoveOldMedia(project_id=project_id))


def expire_of_contact(uow: UnitOfWork, contact_id: UUID) -> None:
    """Let a contact's files expire some time after their deletion, or not at all when they are not deleted."""
    uow.run(sql(_EXPIRE, tenant_id=uow.tenant_id, contact_id=contact_id, days=GRACE_DAYS))


def forget(uow: UnitOfWork, ids: list[str]) -> None:
    """Delete files' rows, and have those of their contents deleted that no other file has."""
    names = {"tenant_id": uow.tenant_id, "ids": _listed(ids)}
    _, contents, _ = uow.run(sql(_LOCK_FILES, **names), sql(_LOCK_CONTENTS, **names), sql(_FORGET, **names))
    _part_with(uow, [row[0] or "" for row in contents])


def _part_with(uow: UnitOfWork, contents: list[str]) -> None:
    """Mark those that no file has any more, and have them deleted."""
    for (sha256,) in uow.run(sql(_UNREFERRED, tenant_id=uow.tenant_id, contents=_listed(contents)))[0]:
        uow.schedule(RemoveMediaObject(sha256=sha256 or ""))


def _listed(values: list[str]) -> str:
    """Plain words as Postgres writes an array of them."""
    return f"{{{','.join(values)}}}"
