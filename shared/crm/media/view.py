"""The public face of a file, with the link to it where there is one."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.media.links import DOWNLOAD_SECONDS, download_url
from shared.crm.media.model import MediaStatus, Origin, Reason
from shared.kernel.inbound import MessageType
from shared.runtime.query import One, Source, one


@dataclass(frozen=True, kw_only=True)
class MediaFileView:
    """`mimetype`, `size_bytes` and `sha256` are what the bytes show, once they are here.

    `reason` says why it is not here (yet); `retry_at` when it is tried again. `download_url` is there for a stored
    file, and good for `download_seconds`: whoever has it needs no key.
    """

    id: UUID
    project_id: UUID
    message_id: UUID | None
    contact_id: UUID | None
    origin: Origin
    kind: MessageType
    status: MediaStatus
    reason: Reason | None
    file_name: str | None
    mimetype: str | None
    size_bytes: int | None
    sha256: str | None
    attempts: int
    retry_at: datetime | None
    stored_at: datetime | None
    download_url: str | None
    download_seconds: int | None
    version: int
    created_at: datetime
    updated_at: datetime


# What a link is made of travels in its place; nobody but the function sees it.
_MATERIAL = "case when f.status = 'stored' then f.tenant_id::text end"
MEDIA_FILES = Source(
    view=MediaFileView,
    tables="media_files f",
    alias="f",
    columns={
        "retry_at": "case when f.status = 'pending' and f.origin = 'message' then f.due_at end",
        "download_url": _MATERIAL,
        "download_seconds": f"case when f.status = 'stored' then {DOWNLOAD_SECONDS} end",
    },
    noun="media file",
)


class OneFile(One[MediaFileView]):
    """One file; its link is signed when the row is read, with no further question to anybody."""

    def body(self, found: str) -> str:
        told = json.loads(found)
        if told["download_url"]:
            told["download_url"] = download_url(UUID(told["download_url"]), told["sha256"], told["file_name"])
        return json.dumps({**told, **self.once}, ensure_ascii=False)


def one_file(media_id: UUID) -> One[MediaFileView]:
    """The file with that id, with a link when it is stored."""
    wanted = one(MEDIA_FILES, media_id)
    return OneFile(sql=wanted.sql, noun=wanted.noun)
