"""Fetching a file that was given up once more."""

from uuid import UUID

from shared.crm.media.uploading import retry
from shared.crm.media.view import MediaFileView, one_file
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One
from shared.runtime.uses import Use
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/media/{media_id}/retry", allow=Role.AGENT, status=202, uses=(Use.LINKS,))
def retry_media(uow: UnitOfWork, media_id: UUID) -> One[MediaFileView]:
    """Fetch a file again that failed or was missing; its provider may have it by now."""
    retry(uow, media_id)
    return one_file(media_id)
