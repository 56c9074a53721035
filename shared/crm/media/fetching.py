"""Bringing a file into our own store: claim it, carry it over with no transaction open, record what came of it."""

import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from uuid import UUID

from shared.cloud.storage import AlreadyThere, NotThere, StorageAway
from shared.crm.channels.connection import api_key_of, open_waha
from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.crm.media.bucket import bucket
from shared.crm.media.collecting import fetching
from shared.crm.media.inspecting import MOST_BYTES, Inspection, Unfit
from shared.crm.media.model import Content, MediaFile, MediaStatus, Origin, Reason
from shared.crm.media.names import STAGED, object_name, upload_name
from shared.crm.media.removing import refer, release
from shared.crm.media.store import MediaFiles, media_files
from shared.crm.messages.store import Messages
from shared.kernel.inbound import Media, MissingMedia
from shared.providers.urls import ForbiddenUrl, check_url
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
# The address a server has for itself unless it is told another.
_KNOWN_TO_ITSELF = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::[0-9]{1,5})?(/api/files/[^?#\\]*)")


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """All that carrying a file over needs, so that no transaction is open meanwhile.

    `by_link`: not the provider said where the file is, but somebody here.
    """

    media: MediaFile = field(repr=False)
    most_bytes: int
    channel: Channel | None = None
    told: Media | None = None
    by_link: bool = False
    provider_id: str | None = None


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
    courier = Courier(transactions, parcel)
    try:
        outcome = courier.carry()
    except (StorageAway, AlreadyThere) as away:
        say("the bucket is away", media_id=media_id, because=str(away))
        retried(lambda: _return(transactions, media_id))
        raise Busy("the bucket cannot be reached") from away
    if retried(lambda: _record(transactions, media_id, outcome)):
        courier.tidy()


def _claim(transactions: Transactions, media_id: UUID) -> Parcel | None:
    with transactions.begin() as uow:
        media = MediaFiles(uow).first(media_files.c.id == media_id, lock=True)
        if media is None or not media.is_unfinished:
            return None
        if media.is_claimed(uow.now):
            raise Busy("another copy of this file's fetching is under way")
        if media.is_hopeless:
            media.was_not_obtained(Reason.BROKEN_OFF, uow.now)
            uow.commit()
            return None
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
    return Parcel(
        media=media,
        most_bytes=most,
        channel=channel,
        told=message.media,
        by_link=message.was_written_here,
        provider_id=message.provider_id,
    )


class Courier:
    """Carries one file over."""

    def __init__(self, transactions: Transactions, parcel: Parcel) -> None:
        self._transactions, self._parcel, self._media = transactions, parcel, parcel.media

    def carry(self) -> Content | Reason:
        """Bring the bytes into the bucket, and put them where their content belongs. Raises StorageAway."""
        try:
            content = self._uploaded() if self._media.origin is Origin.UPLOAD else self._downloaded()
        except (NotObtained, Unfit) as problem:
            say("a file was not obtained", media_id=self._media.id, reason=problem.reason)
            return problem.reason
        # From here on nobody removes the content, also if it was there before us.
        referred = retried(lambda: _refer(self._transactions, self._media.id, content.sha256))
        if referred:
            with suppress(AlreadyThere):
                name = object_name(self._media.tenant_id, content.sha256)
                bucket().copy(self._staged, name, mimetype=content.mimetype)
        if self._media.origin is Origin.MESSAGE:
            bucket().delete(self._staged)
        return content if referred else Reason.BEING_REMOVED

    def tidy(self) -> None:
        """Throw an upload away, once it is on record what became of it: it can be had from nowhere else."""
        if self._media.origin is Origin.UPLOAD:
            # What stays is forgotten by the bucket itself.
            with suppress(StorageAway):
                bucket().delete(self._staged)

    @cached_property
    def _staged(self) -> str:
        """Where the bytes lie until it is known what they are; each attempt at a download has a place of its own."""
        if self._media.origin is Origin.UPLOAD:
            return upload_name(self._media.tenant_id, self._media.id)
        return f"{STAGED}{self._media.tenant_id}/{self._media.id}-{secrets.token_hex(4)}"

    def _uploaded(self) -> Content:
        try:
            seen = self._inspected(bucket().read(self._staged))
            for _ in seen:
                pass
            return seen.content(self._media.told_bytes)
        except NotThere as nothing:
            raise NotObtained(Reason.NEVER_UPLOADED) from nothing

    def _downloaded(self) -> Content:
        channel = self._channel
        for url, key in self._places(channel):
            try:
                return self._brought(channel, url, key)
            except Unreadable as error:
                if error.trouble is not Trouble.GONE and key is not None:
                    raise NotObtained(Reason(error.trouble.value)) from error
        raise NotObtained(Reason.GONE)

    @property
    def _channel(self) -> Channel:
        if self._parcel.channel is None:
            raise NotObtained(Reason.ABSENT)
        return self._parcel.channel

    def _places(self, channel: Channel) -> Iterator[tuple[str, str | None]]:
        """Where the file is said to be, and the key for it; and, when nothing is there, where WAHA puts it anew."""
        told, key = self._parcel.told, api_key_of(channel)
        if told and told.url:
            # Whoever may write could name anything on the channel's server: their word comes without its key.
            yield (told.url, None) if self._parcel.by_link else (reachable(told.url, channel.base_url), key)
        fresh = fresh_url(channel, self._parcel.provider_id or "")
        # Nor does it get the key by way of a server that only repeats it.
        if not (self._parcel.by_link and told and told.url == fresh):
            yield reachable(fresh, channel.base_url), key

    def _brought(self, channel: Channel, url: str, key: str | None) -> Content:
        known = settings()
        with read_file(
            url,
            base_url=channel.base_url,
            api_key=key,
            most_bytes=self._parcel.most_bytes,
            allow=known.allowed_addresses,
            own=known.own_addresses,
        ) as chunks:
            seen = self._inspected(chunks)
            bucket().put(self._staged, seen, mimetype=seen.mimetype)
        try:
            return seen.content(self._media.told_bytes)
        except Unfit:
            bucket().delete(self._staged)
            raise

    def _inspected(self, chunks: Iterator[bytes]) -> Inspection:
        media, most = self._media, self._parcel.most_bytes
        return Inspection(chunks, kind=media.kind, told=media.told_mimetype, most_bytes=most)


def reachable(url: str, base_url: str) -> str:
    """The URL; or where the channel's server is known to be, when it names itself as only its own machine knows it."""
    known = settings()
    try:
        check_url(url, known.allowed_addresses, known.own_addresses)
    except ForbiddenUrl:
        if own := _KNOWN_TO_ITSELF.fullmatch(url):
            return f"{base_url.rstrip('/')}{own[1]}"
    return url


def fresh_url(channel: Channel, provider_id: str) -> str:
    """Where WAHA puts a message's file when it is asked to fetch it from WhatsApp once more. Raises NotObtained."""
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


def _record(transactions: Transactions, media_id: UUID, outcome: Content | Reason) -> bool:
    """Note what came of it; tell whether nobody needs what was staged any more."""
    with transactions.begin() as uow:
        media = MediaFiles(uow).first(media_files.c.id == media_id, lock=True)
        if media is None:
            _left(uow, outcome)
        elif media.status is MediaStatus.DOWNLOADING:
            _obtained(uow, media, outcome)
        is_over = media is None or not media.is_unfinished
        uow.commit()
        return is_over


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
