"""One file."""

from uuid import UUID

from shared.crm.media.view import MediaFileView, one_file
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One
from shared.runtime.uses import Use


@endpoint("GET", "/api/v1/crm/media/{media_id}", allow=Role.VIEWER, uses=(Use.LINKS,))
def get_media(media_id: UUID) -> One[MediaFileView]:
    """Show one file and how far it has come, with a short-lived link to download it once it is stored."""
    return one_file(media_id)
