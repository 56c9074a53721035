"""An upload that is done."""

from uuid import UUID

from shared.crm.media.uploading import complete
from shared.crm.media.view import MediaFileView, one_file
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One
from shared.runtime.uses import Use
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/media/{media_id}/complete", allow=Role.AGENT, status=202, uses=(Use.LINKS,))
def complete_media(uow: UnitOfWork, media_id: UUID) -> One[MediaFileView]:
    """Say that a file has been put at its link; it is looked at and stored at once."""
    complete(uow, media_id)
    return one_file(media_id)
