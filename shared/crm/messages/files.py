"""The file that a message of ours carries, where it lies in our own store."""

from dataclasses import replace

from shared.crm.media.model import MediaFile, MediaStatus
from shared.crm.media.store import MediaFiles
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.inbound import Media, MessageType
from shared.kernel.outbound import Draft
from shared.runtime.work import UnitOfWork

_FAMILIES = {
    MessageType.IMAGE: ("image/",),
    MessageType.VIDEO: ("video/",),
    MessageType.VOICE: ("audio/", "video/ogg", "application/ogg"),
    MessageType.AUDIO: ("audio/", "video/ogg", "application/ogg"),
}


def with_file(uow: UnitOfWork, draft: Draft) -> Draft:
    """The draft with what is known of its stored file; of one that lies elsewhere counts what it is said to be.

    NotFound: there is no such file. Conflict: it is not here yet, or never came. Invalid: it is of another kind.
    """
    if draft.media is None:
        return draft
    if draft.file_id is None:
        _must_fit(draft.media.mimetype, draft.type)
        return draft
    file = MediaFiles(uow).get(draft.file_id)
    if file.status is not MediaStatus.STORED or file.mimetype is None:
        raise Conflict("this file is not in the store; see its status", code="file_not_stored")
    _must_fit(file.mimetype, draft.type)
    return replace(draft, media=_described(file, draft.media))


def _must_fit(mimetype: str | None, type: MessageType) -> None:
    if mimetype and not mimetype.startswith(_FAMILIES.get(type, ("",))):
        raise Invalid(f"this file is {mimetype}, which is not sent as {type}", code="wrong_file")


def _described(file: MediaFile, wanted: Media) -> Media:
    return Media(
        mimetype=file.mimetype,
        file_name=wanted.file_name or file.file_name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )
