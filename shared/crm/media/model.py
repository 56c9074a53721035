"""A file that a message came with, or that somebody uploaded, and how far it has come into our own store."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.messages.events import MessageMediaFailed, MessageMediaStored
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Conflict
from shared.kernel.ids import uuid7
from shared.kernel.inbound import MessageType

LEASE = timedelta(minutes=10)  # a claim older than this was left by somebody who is gone
UPLOAD_WITHIN = timedelta(hours=1)
MOST_CLAIMS = 12  # of which some were left behind: the others end as the backoff says
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200))  # between attempts


class Origin(StrEnum):
    MESSAGE = "message"
    UPLOAD = "upload"


class Priority(StrEnum):
    """What is fetched first: what people are talking about now, or what a history import brought."""

    LIVE = "live"
    IMPORT = "import"


class MediaStatus(StrEnum):
    PENDING = "pending"
    DOWNLOADING = "downloading"
    STORED = "stored"
    FAILED = "failed"
    MISSING = "missing"


class Reason(StrEnum):
    """Why a file is not here."""

    ABSENT = "absent"  # the provider has no file for the message
    GONE = "gone"  # the provider had it and has it no more
    NOT_DOWNLOADED = "not_downloaded"  # the provider says that it could not get it from WhatsApp
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    SERVER_ERROR = "server_error"
    TOO_SLOW = "too_slow"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    WRONG_TYPE = "wrong_type"  # its first bytes are of another kind of file than was said
    TYPE_NOT_ALLOWED = "type_not_allowed"
    TOO_LARGE = "too_large"
    COMPRESSED = "compressed"
    REDIRECTED = "redirected"
    FORBIDDEN_URL = "forbidden_url"
    NEVER_UPLOADED = "never_uploaded"
    BROKEN_OFF = "broken_off"  # whoever was at it was gone each time before it could be said why
    BEING_REMOVED = "being_removed"  # the same content is just being deleted

    @property
    def is_final(self) -> bool:
        """Whether trying again by itself is of no use."""
        return self in _FINAL

    @property
    def is_missing(self) -> bool:
        return self in _MISSING


_MISSING = {Reason.ABSENT, Reason.GONE, Reason.NOT_DOWNLOADED}
_FINAL = {
    Reason.TYPE_NOT_ALLOWED,
    Reason.TOO_LARGE,
    Reason.COMPRESSED,
    Reason.REDIRECTED,
    Reason.FORBIDDEN_URL,
    Reason.NEVER_UPLOADED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A file's content, as it was seen going by."""

    sha256: str
    mimetype: str
    size_bytes: int


@dataclass(eq=False, kw_only=True)
class MediaFile(Aggregate):
    """`told_*` is what the provider or the uploader said of it; the rest is what its bytes show.

    `due_at` is when something must have happened: the next attempt, the end of a claim, or of the time to upload.
    """

    aggregate_type: ClassVar[str] = "media_file"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    origin: Origin
    priority: Priority = Priority.LIVE
    kind: MessageType
    message_id: UUID | None = None
    chat_id: UUID | None = None
    contact_id: UUID | None = None
    status: MediaStatus
    reason: Reason | None = None
    file_name: str | None = None
    told_mimetype: str | None = None
    told_bytes: int | None = None
    mimetype: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    attempts: int = 0
    due_at: datetime
    stored_at: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def to_upload(
        cls,
        *,
        tenant_id: UUID,
        project_id: UUID,
        kind: MessageType,
        file_name: str | None,
        mimetype: str,
        size_bytes: int,
        at: datetime,
    ) -> Self:
        """A file that somebody is about to upload."""
        return cls(
            id=uuid7(),
            tenant_id=tenant_id,
            project_id=project_id,
            origin=Origin.UPLOAD,
            kind=kind,
            status=MediaStatus.PENDING,
            file_name=file_name,
            told_mimetype=mimetype,
            told_bytes=size_bytes,
            due_at=at + UPLOAD_WITHIN,
        )

    @property
    def is_unfinished(self) -> bool:
        return self.status in {MediaStatus.PENDING, MediaStatus.DOWNLOADING}

    def is_claimed(self, at: datetime) -> bool:
        """Whether somebody is at it just now."""
        return self.status is MediaStatus.DOWNLOADING and at < self.due_at

    def claim(self, at: datetime) -> None:
        """Take it for fetching; for the time of the lease nobody else does."""
        self.status, self.due_at = MediaStatus.DOWNLOADING, at + LEASE
        self.attempts += 1

    @property
    def is_hopeless(self) -> bool:
        """Whether it was claimed so often that one more time is of no use."""
        return self.attempts >= MOST_CLAIMS

    def put_back(self, at: datetime) -> None:
        """Return a claim that came to nothing for no fault of the file's."""
        self.status, self.due_at = MediaStatus.PENDING, at
        self.attempts -= 1

    def was_stored(self, content: Content, at: datetime) -> None:
        self.status, self.reason, self.stored_at, self.due_at = MediaStatus.STORED, None, at, at
        self.sha256, self.mimetype, self.size_bytes = content.sha256, content.mimetype, content.size_bytes
        if self.message_id and self.chat_id:
            stored: dict[str, Any] = {"media_id": self.id, "mimetype": content.mimetype, "bytes": content.size_bytes}
            self.record(MessageMediaStored(**self._names(), **stored))

    def was_not_obtained(self, reason: Reason, at: datetime) -> None:
        """Try again later, and ever more slowly, or give it up."""
        self.reason = reason
        # What was uploaded does not get better by being looked at again.
        is_final = reason.is_final or (self.origin is Origin.UPLOAD and reason is not Reason.BEING_REMOVED)
        if is_final or self.attempts > len(BACKOFF):
            self._give_up(reason, at)
        else:
            self.status, self.due_at = MediaStatus.PENDING, at + BACKOFF[self.attempts - 1]

    def ask_again(self, at: datetime) -> None:
        """Begin anew, as a person wants it. Conflict: it was not given up, or asking again cannot help."""
        if self.status not in {MediaStatus.FAILED, MediaStatus.MISSING}:
            raise Conflict("only a file that was given up can be fetched again", code="not_failed")
        if self.origin is Origin.UPLOAD or (self.reason and self.reason.is_final):
            raise Conflict("fetching this file again would end in the same way; see its reason", code="not_retryable")
        self.status, self.reason, self.attempts, self.due_at = MediaStatus.PENDING, None, 0, at

    def _give_up(self, reason: Reason, at: datetime) -> None:
        self.status, self.due_at = MediaStatus.MISSING if reason.is_missing else MediaStatus.FAILED, at
        if self.message_id and self.chat_id:
            self.record(MessageMediaFailed(**self._names(), reason=reason, retryable=not reason.is_final))

    def _names(self) -> dict[str, Any]:
        return {"message_id": self.message_id, "chat_id": self.chat_id, "contact_id": self.contact_id}
