"""A new file, to be uploaded."""

from pydantic import Field

from shared.crm.media.uploading import FileName, Mimetype, UploadView, expect
from shared.kernel.errors import TooLarge
from shared.kernel.inbound import MessageType
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One
from shared.runtime.uses import Use
from shared.runtime.work import UnitOfWork


class NewMedia(Body):
    kind: MessageType = Field(
        MessageType.DOCUMENT, description="What it is to be sent as.", examples=["image"], strict=False
    )
    file_name: FileName | None = None
    mimetype: Mimetype
    size_bytes: int = Field(ge=1, description="Exactly as long as what will be put.", examples=[48213])


@endpoint("POST", "/api/v1/crm/media", allow=Role.AGENT, status=201, errors=(TooLarge,), uses=(Use.LINKS,))
def create_media(uow: UnitOfWork, body: NewMedia) -> One[UploadView]:
    """Announce a file and get a link to put it at.

    PUT the file to `upload_url` with exactly the headers in `upload_headers`, then say so at `/complete`. What it
    really is decides its first bytes, not its name.
    """
    return expect(uow, body.kind, body.file_name, body.mimetype, body.size_bytes)
