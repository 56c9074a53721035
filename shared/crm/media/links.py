"""Short-lived links to stored files, for whoever must read or write one without a key of ours.

They are signed here with the key that the settings hold: a request path asks nobody for them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote
from uuid import UUID

from shared.cloud.signing import AMAZON, GOOGLE, Signer
from shared.crm.media.names import object_name, upload_name
from shared.runtime.settings import Settings, settings

DOWNLOAD_SECONDS = 15 * 60
UPLOAD_SECONDS = 15 * 60


def download_url(tenant_id: UUID, sha256: str, file_name: str | None = None, *, seconds: int = DOWNLOAD_SECONDS) -> str:
    """A link under which anybody may read a stored file for a while; a browser saves it and never shows it."""
    disposition = f"attachment; filename*=UTF-8''{quote(file_name or sha256[:12], safe='')}"
    return _signer(settings()).url(
        "GET",
        object_name(tenant_id, sha256),
        seconds=seconds,
        at=datetime.now(UTC),
        query={"response-content-disposition": disposition},
    )


def upload_url(tenant_id: UUID, media_id: UUID, headers: Mapping[str, str]) -> str:
    """A link under which one file can be put for a while, with exactly these headers."""
    name = upload_name(tenant_id, media_id)
    return _signer(settings()).url("PUT", name, seconds=UPLOAD_SECONDS, at=datetime.now(UTC), headers=headers)


def upload_headers(mimetype: str, size_bytes: int) -> dict[str, str]:
    """What must be sent with an upload: the store itself then refuses another length, and a second time."""
    if settings().storage == "s3":
        return {"content-type": mimetype, "content-length": str(size_bytes), "if-none-match": "*"}
    exactly = f"{size_bytes},{size_bytes}"
    return {"content-type": mimetype, "x-goog-content-length-range": exactly, "x-goog-if-generation-match": "0"}


@cache
def _signer(known: Settings) -> Signer:
    return Signer(
        dialect=AMAZON if known.storage == "s3" else GOOGLE,
        base_url=known.storage_base_url,
        bucket=known.media_bucket,
        region=known.storage_region,
        key_id=known.storage_key_id,
        secret=known.storage_key_secret,
    )
