"""Asking the provider for pages of chats, with no transaction open."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from shared.crm.channels.connection import open_archive
from shared.crm.channels.model import Channel
from shared.crm.history.cursors import Cursor
from shared.crm.history.model import HistoryRun
from shared.crm.history.picture import Asked
from shared.crm.history.writing import ReadPage, known_ids
from shared.crm.inbound.gate import gate_of
from shared.crm.inbound.receive import receive
from shared.crm.messages.model import STALE_AFTER
from shared.kernel.inbound import InboundMessage, Revocation
from shared.providers.waha.client import Refused, Unanswered, Unreachable, WahaError
from shared.providers.waha.envelope import read_delivery
from shared.providers.waha.history import Archive, Repeated
from shared.providers.waha.pages import MESSAGES_AT_ONCE, MessagePage, ToldMessage
from shared.runtime.telemetry import say

SECONDS = 20.0  # a step asks for no more pages after so long
ROWS = 200  # nor when it holds so many: who writes in these chats waits until they are written
HIDDEN = "@lid"
SILENT = (Unreachable, Unanswered)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class FailedPage:
    """A page that could not be had, whether it ever can, and whether no answer came; `code` and `reason` are ours."""

    cursor: Cursor
    code: str
    reason: str
    is_final: bool
    is_silent: bool


@dataclass(kw_only=True)
class Read:
    """What a step read."""

    pages: list[ReadPage] = field(default_factory=list)
    failed: list[FailedPage] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(len(page.asked.messages) for page in self.pages)

    @property
    def is_answered(self) -> bool:
        """Whether the server said anything."""
        return bool(self.pages) or not all(page.is_silent for page in self.failed)

    @property
    def is_silent(self) -> bool:
        """Whether what was asked last was not answered."""
        return any(page.is_silent for page in self.failed[-1:])


def read(run: HistoryRun, channel: Channel, cursors: Sequence[Cursor], now: datetime) -> Read:
    """Ask for the next page of each chat, until the step is full or nobody answers.

    What is new is taken in as if delivered.
    """
    found, until = Read(), time.monotonic() + SECONDS
    with open_archive(channel) as archive:
        for cursor in cursors:
            if found.rows >= ROWS or found.is_silent or time.monotonic() >= until:
                break
            try:
                found.pages.append(_page(run, channel, archive, cursor, now))
            except WahaError as error:
                say("history not read", outcome=type(error).__name__, run_id=run.id)
                found.failed.append(_failed(cursor, error))
    return found


def _page(run: HistoryRun, channel: Channel, archive: Archive, cursor: Cursor, now: datetime) -> ReadPage:
    phone = cursor.phone_address or _phone(archive, cursor)
    own = frozenset(run.own_addresses)
    page = archive.page(cursor.address, cursor.next_row, since=run.since, until=run.until, own=own, at=now)
    is_repeated = page.mark is not None and page.mark == cursor.last_page
    if is_repeated:
        page = _nothing_more(page)
    told = {each.message.external_id: each for each in in_order(page.told)}
    taken_back = {each.external_id for each in page.changes if isinstance(each, Revocation)}
    may_wait = [each for name, each in told.items() if name not in taken_back and is_new(each.message, now)]
    return ReadPage(
        cursor=cursor,
        asked=Asked(
            chat=cursor.address,
            addresses=tuple(filter(None, (cursor.address, phone))),
            messages=tuple(each.message for each in told.values()),
            changes=page.changes,
        ),
        delivered=_delivered(channel, may_wait),
        unread=page.unread,
        rows=page.rows,
        mark=page.mark,
        size=MESSAGES_AT_ONCE,
        is_repeated=is_repeated,
        phone_address=phone,
    )


def _nothing_more(page: MessagePage) -> MessagePage:
    """What a page says that was told before. Repeated: there may be more that it had no room for, which is not told."""
    if page.is_full:
        raise Repeated
    return replace(page, told=(), unread=(), changes=())


def _delivered(channel: Channel, told: Sequence[ToldMessage]) -> frozenset[str]:
    """Take in what may still be answered by the way of what is delivered; the ids of what nobody had delivered."""
    if not told:
        return frozenset()
    known = known_ids(channel, [each.message.external_id for each in told])
    missing = [each for each in told if each.message.external_id not in known]
    for each in told:
        _deliver(channel, each)
    return frozenset(each.message.external_id for each in missing)


def is_new(message: InboundMessage, now: datetime) -> bool:
    """Whether somebody may still wait for an answer to it: then it is no history, and comes in as if delivered."""
    return message.sent_at is None or message.sent_at > now - STALE_AFTER


def in_order(told: Sequence[ToldMessage]) -> Iterator[ToldMessage]:
    """Oldest first, whichever way round they came; those of one second keep the order among them."""
    times = [each.message.sent_at for each in told if each.message.sent_at]
    backwards = bool(times) and times[0] > times[-1]
    rows = reversed(told) if backwards else iter(told)
    yield from sorted(rows, key=lambda each: each.message.sent_at or _BEFORE_ALL)


def _phone(archive: Archive, cursor: Cursor) -> str | None:
    """The phone behind a chat that has a hidden id, asked for once."""
    if not cursor.address.endswith(HIDDEN) or cursor.next_row:
        return None
    try:
        return archive.phone_address(cursor.address)
    except Refused:
        return None  # this server does not know such questions


def _deliver(channel: Channel, told: ToldMessage) -> None:
    """Take in what may still be answered by the way of what is delivered: once, whoever brings it first."""
    about = {"event": "message.any", "session": channel.session_name, "engine": channel.engine}
    body = json.dumps({**about, "payload": told.payload}).encode()
    receive(gate_of(channel), body, read_delivery(body))


def _failed(cursor: Cursor, error: WahaError) -> FailedPage:
    code = error.code if isinstance(error, Refused) else type(error).__name__.lower()
    return FailedPage(
        cursor=cursor,
        code=code,
        reason=error.sentence,
        is_final=isinstance(error, Repeated),
        is_silent=isinstance(error, SILENT),
    )
