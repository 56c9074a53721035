"""Bringing a file into our own store: claim it, carry it over with no transaction open, record what came of it."""

import secrets
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from shared.cloud.storage import AlreadyThere, NotThere, Storage, StorageAway
from shared.crm.channels.connection import api_key_of, open_waha
from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.crm.media.bucket import open_bucket
from shared.crm.media.collecting import fetching
from shared.crm.media.inspecting import MOST_BYTES, Inspection, Unfit
from shared.crm.media.links import STAGED, object_name, upload_name
from shared.crm.media.model import Content, MediaFile, MediaStatus, Origin, Reason
from shared.crm.media.removing import refer, release
from shared.crm.media.store import MediaFiles, media_files
from shared.crm.messages.store import Messages
from shared.kernel.inbound import Media, MissingMedia
from shared.providers.guard import ForbiddenUrl, check_url
from shared.providers.waha.client import Refused, Unreachable, WahaError
from shared.providers.waha.files import Trouble, Unreadable, read_file
from shared.providers.waha.ids import message_id
from shared.runtime.consume import Busy, Transactions
from shared.runtime.retry import retried
from shared.runtime.settings import settings
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

FRESH_SECONDS = 60.0  # in which WAHA fetches a file from WhatsApp
AWAY_FOR = timedelta(minutes=1)
WAHA_FILES = "/api/files/"


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """All that carrying a file over needs, so that no transaction is open meanwhile."""

    media: MediaFile = field(repr=False)
    most_bytes: int
    channel: Channel | None = None
    told: Media | None = None
    provider_id: str | None = None

    @property
    def staged(self) -> str:
        """Where its bytes lie until it is known what they are; each attempt has a place of its own."""
        if self.media.origin is Origin.UPLOAD:
            return upload_name(self.media.tenant_id, self.media.id)
        return f"{STAGED}{self.media.tenant_id}/{self.media.id}-{secrets.token_hex(4)}"


class NotObtained(Exception):
    """There is no file to keep, for now or for good."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def fetch(transactions: Transactions, media_id: UUID) -> None:
    """Fetch a file that waits. Called again it does nothing, or waits for the one who is at it."""
    parcel = retried(lambda: _claim(transactions, media_id))
    if parcel is None:
        return
    try:
        with closing(open_bucket()) as bucket:
            outcome = _carry(transactions, parcel, bucket)
    except (StorageAway, AlreadyThere) as away:
        say("the bucket is away", media_id=media_id, because=str(away))
        retried(lambda: _return(transactions, media_id))
        raise Busy("the bucket cannot be reached") from away
    retried(lambda: _record(transactions, media_id, outcome))


def _claim(transactions: Transactions, media_id: UUID) -> Parcel | None:
    with transactions.begin() as uow:
        media = MediaFiles(uow).first(media_files.c.id == media_id, lock=True)
        if media is None or not media.is_unfinished:
            return None
        if media.is_claimed(uow.now):
            raise Busy("another copy of this file's fetching is under way")
        media.claim(uow.now)
        parcel = _parcel(uow, media)
        uow.commit()
        return parcel


def _parcel(uow: UnitOfWork, media: MediaFile) -> Parcel:
    house = int(settings().media_most_bytes)
    most = min(house, MOST_BYTES.get(media.kind, house))
    if media.message_id is None:
        return Parcel(media=media, most_bytes=most)
    message = Messages(uow).get(media.message_id)
    channel = Channels(uow).get(message.channel_id)
    return Parcel(media=media, most_bytes=most, channel=channel, told=message.media, provider_id=message.provider_id)


def _carry(transactions: Transactions, parcel: Parcel, bucket: Storage) -> Content | Reason:
    """Bring the bytes into the bucket, and put them where their content belongs."""
    staged = parcel.staged
    try:
        content = _staged(parcel, bucket, staged)
        if not retried(lambda: _refer(transactions, parcel.media.id, content.sha256)):
            return Reason.BEING_REMOVED
        with suppress(AlreadyThere):
            bucket.copy(staged, object_name(parcel.media.tenant_id, content.sha256), mimetype=content.mimetype)
    except (NotObtained, Unfit) as problem:
        say("a file was not obtained", media_id=parcel.media.id, reason=problem.reason)
        bucket.delete(staged)
        return problem.reason
    bucket.delete(staged)
    return content


def _staged(parcel: Parcel, bucket: Storage, staged: str) -> Content:
    if parcel.media.origin is Origin.UPLOAD:
        return _uploaded(parcel, bucket, staged)
    for url in _urls(parcel):
        try:
            return _downloaded(parcel, bucket, staged, url)
        except Unreadable as error:
            if error.trouble is not Trouble.GONE:
                raise NotObtained(Reason(error.trouble.value)) from error
    raise NotObtained(Reason.GONE)


def _uploaded(parcel: Parcel, bucket: Storage, staged: str) -> Content:
    try:
        seen = _inspected(parcel, bucket.read(staged))
    except NotThere as nothing:
        raise NotObtained(Reason.NEVER_UPLOADED) from nothing
    for _ in seen:
        pass
    return seen.content(parcel.media.told_bytes)


def _downloaded(parcel: Parcel, bucket: Storage, staged: str, url: str) -> Content:
    known, channel = settings(), _channel(parcel)
    with read_file(
        url,
        base_url=channel.base_url,
        api_key=api_key_of(channel),
        most_bytes=parcel.most_bytes,
        allow=known.allowed_addresses,
        own=known.own_addresses,
    ) as chunks:
        seen = _inspected(parcel, chunks)
        bucket.put(staged, seen, mimetype=seen.mimetype)
        return seen.content(parcel.media.told_bytes)


def _inspected(parcel: Parcel, chunks: Iterator[bytes]) -> Inspection:
    media = parcel.media
    return Inspection(chunks, kind=media.kind, told=media.told_mimetype, most_bytes=parcel.most_bytes)


def _urls(parcel: Parcel) -> Iterator[str]:
    """Where the file is said to be; and, for who finds nothing there, where WAHA puts it anew."""
    channel = _channel(parcel)
    if parcel.told and parcel.told.url:
        yield reachable(parcel.told.url, channel.base_url)
    yield reachable(_fresh_url(channel, parcel.provider_id or ""), channel.base_url)


def _channel(parcel: Parcel) -> Channel:
    if parcel.channel is None:
        raise NotObtained(Reason.ABSENT)
    return parcel.channel


def reachable(url: str, base_url: str) -> str:
    """The URL; or where the channel's server is known to be, when it names itself as only its own machine knows it."""
    known = settings()
    try:
        check_url(url, known.allowed_addresses, known.own_addresses)
    except ForbiddenUrl:
        parts = urlsplit(url)
        if parts.path.startswith(WAHA_FILES):
            return f"{base_url.rstrip('/')}{parts.path}"
    return url


def _fresh_url(channel: Channel, provider_id: str) -> str:
    """Where WAHA puts the file when it is asked to fetch it from WhatsApp once more."""
    named = message_id(provider_id)
    try:
        with open_waha(channel, seconds=FRESH_SECONDS) as waha:
            found = waha.file_of(named.chat, provider_id) if named and named.chat else None
    except Unreachable as error:
        raise NotObtained(Reason.UNREACHABLE) from error
    except WahaError as error:
        raise NotObtained(Reason.REFUSED if isinstance(error, Refused) else Reason.SERVER_ERROR) from error
    if found is None:
        raise NotObtained(Reason.GONE)
    if found.url is None:
        raise NotObtained(Reason.ABSENT if found.missing_reason is MissingMedia.ABSENT else Reason.NOT_DOWNLOADED)
    return found.url


def _refer(transactions: Transactions, media_id: UUID, sha256: str) -> bool:
    """Let the file refer to the content before that is in its place; False while the same is being removed."""
    with transactions.begin() as uow:
        media = MediaFiles(uow).first(media_files.c.id == media_id, lock=True)
        if media is None or not refer(uow, media, sha256):
            return False
        uow.commit()
        return True


def _return(transactions: Transactions, media_id: UUID) -> None:
    with transactions.begin() as uow:
        media = MediaFiles(uow).first(media_files.c.id == media_id, lock=True)
        if media is not None and media.status is MediaStatus.DOWNLOADING:
            media.put_back(uow.now + AWAY_FOR)
            uow.commit()


def _record(transactions: Transactions, media_id: UUID, outcome: Content | Reason) -> None:
    with transactions.begin() as uow:
        media = MediaFiles(uow).first(media_files.c.id == media_id, lock=True)
        if media is None:
            _left(uow, outcome)
        elif media.status is MediaStatus.DOWNLOADING:
            _obtained(uow, media, outcome)
        uow.commit()


def _obtained(uow: UnitOfWork, media: MediaFile, outcome: Content | Reason) -> None:
    if isinstance(outcome, Content):
        media.was_stored(outcome, uow.now)
        return
    media.was_not_obtained(outcome, uow.now)
    if media.is_unfinished:
        uow.schedule(fetching(media.id, media.priority), at=media.due_at)


def _left(uow: UnitOfWork, outcome: Content | Reason) -> None:
    """The file was forgotten while it was fetched: what was brought goes after it."""
    if isinstance(outcome, Content):
        release(uow, outcome.sha256)
