"""Files that people bring themselves: announced, put at a link, and looked at before they count."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.crm.media.collecting import fetching
from shared.crm.media.inspecting import MOST_BYTES
from shared.crm.media.links import upload_headers, upload_url
from shared.crm.media.model import MediaFile, MediaStatus, Origin
from shared.crm.media.store import MediaFiles
from shared.crm.media.view import MEDIA_FILES, MediaFileView
from shared.kernel.errors import Conflict, TooLarge
from shared.kernel.inbound import MessageType
from shared.runtime.query import One, Source, one
from shared.runtime.settings import settings
from shared.runtime.work import UnitOfWork

FileName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=r"^[^/\\\x00-\x1f\x7f]+$",
        description="What a download is saved as.",
        examples=["catalogo.pdf"],
    ),
]
Mimetype = Annotated[
    str,
    Field(
        max_length=100,
        pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$",
        description="In small letters, without parameters.",
        examples=["application/pdf"],
    ),
]


@dataclass(frozen=True, kw_only=True)
class UploadView(MediaFileView):
    """`upload_url` is shown in this answer only. It takes one PUT, with exactly these headers, within the time."""

    upload_url: str | None
    upload_headers: dict[str, str] | None


UPLOADS = Source(
    view=UploadView,
    tables=MEDIA_FILES.tables,
    alias=MEDIA_FILES.alias,
    columns={**MEDIA_FILES.columns, "upload_url": "null", "upload_headers": "null"},
    noun=MEDIA_FILES.noun,
)


def expect(
    uow: UnitOfWork, kind: MessageType, file_name: str | None, mimetype: str, size_bytes: int
) -> One[UploadView]:
    """A new file that is about to be uploaded, with the link to put it at. TooLarge: nothing of its kind may be so."""
    most = min(int(settings().media_most_bytes), MOST_BYTES.get(kind, size_bytes))
    if size_bytes > most:
        raise TooLarge(f"a file of this kind may have {most} bytes at most")
    media = MediaFile.to_upload(
        tenant_id=uow.tenant_id,
        project_id=uow.caller.project_id,
        kind=kind,
        file_name=file_name,
        mimetype=mimetype,
        size_bytes=size_bytes,
        at=uow.now,
    )
    MediaFiles(uow).add(media)
    headers = upload_headers(mimetype, size_bytes)
    link = upload_url(media.tenant_id, media.id, headers)
    return one(UPLOADS, media.id, once={"upload_url": link, "upload_headers": headers})


def complete(uow: UnitOfWork, media_id: UUID) -> None:
    """Have an upload looked at and stored. Conflict: it is none, or it was looked at before."""
    media = MediaFiles(uow).get(media_id, lock=True)
    if media.origin is not Origin.UPLOAD or media.status is not MediaStatus.PENDING:
        raise Conflict("only a file that waits to be uploaded can be completed", code="not_waiting")
    uow.schedule(fetching(media.id, media.priority))


def retry(uow: UnitOfWork, media_id: UUID) -> None:
    """Have a file fetched again that was given up."""
    media = MediaFiles(uow).get(media_id, lock=True)
    media.ask_again(uow.now)
    uow.schedule(fetching(media.id, media.priority))
