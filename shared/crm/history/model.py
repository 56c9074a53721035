"""A run through a channel's history: what of it is wanted, and how far it has come."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.crm.history.events import (
    ChannelHistoryImportCancelled,
    ChannelHistoryImportCompleted,
    ChannelHistoryImportFailed,
    ChannelHistoryImportPaused,
    ChannelHistoryImportRequested,
    ChannelHistoryImportResumed,
    ChannelHistoryImportStarted,
)
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Conflict
from shared.kernel.events import Event
from shared.kernel.ids import uuid7

WINDOW = timedelta(days=180)
OLDEST = timedelta(days=3650)
OVERLAP = timedelta(hours=1)  # read again before where the last import ended: clocks differ, and messages come late
CHATS_KEPT = timedelta(days=30)  # then it may be forgotten how far each was read
MOST_ATTEMPTS = 4  # the first and three more
BACKOFF = (timedelta(seconds=2), timedelta(seconds=15), timedelta(seconds=60))
RETRIES = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))  # of a comparison nobody asked for
MOST_UNANSWERED = 3  # one after the other, before a server is taken to be away
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
MOST_WAITS = 30  # each twice as long as the one before, as far as that goes: about a day
AWAY = "provider_away"
AWAY_REASON = "WAHA does not answer; it is asked again from time to time, and all goes on once it answers"
GIVEN_UP = "WAHA has not answered for about a day; resume to try once more"


class RunKind(StrEnum):
    """Fetched from the provider, compared with it, or given by whoever calls the API."""

    IMPORT = "import"
    RECONCILIATION = "reconciliation"
    GIVEN = "given"


class RunCause(StrEnum):
    REQUESTED = "requested"
    CONNECTED = "connected"
    DOWNTIME = "downtime"
    SILENCE = "silence"
    NIGHTLY = "nightly"


class RunStatus(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a run came to: chats, and the rows of their messages that the provider told."""

    chats: int = 0
    chats_done: int = 0
    chats_failed: int = 0
    read: int = 0
    added: int = 0
    known: int = 0
    unread: int = 0


@dataclass(eq=False, kw_only=True)
class HistoryRun(Aggregate):
    """`whole`: of all chats, so that the next import may begin where this one ends.

    `next_chat` is where the list of chats is to be read on; None when all are known. `round` counts how often the run
    was set going: what was set going before has no say any more. `attempts` count the failed askings for the list, and
    the times that the run was revived, since anything was read. `unanswered` counts what was asked since the server
    last answered, and `waits` how often it was waited for; `retries`, how often it was begun again after it failed.
    At `resumes_at` it goes on by itself.
    """

    aggregate_type: ClassVar[str] = "history_run"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    kind: RunKind
    cause: RunCause
    status: RunStatus = RunStatus.RUNNING
    since: datetime
    until: datetime
    media: bool = False
    whole: bool = True
    round: int = 1
    next_chat: int | None = 0
    attempts: int = 0
    unanswered: int = 0
    waits: int = 0
    retries: int = 0
    resumes_at: datetime | None = None
    own_addresses: list[str] = field(default_factory=list)
    started_at: datetime
    finished_at: datetime | None = None
    failure_code: str | None = None
    failure_reason: str | None = None
    totals: Totals | None = None

    @classmethod
    def begin(
        cls,
        channel: Channel,
        *,
        kind: RunKind,
        cause: RunCause,
        now: datetime,
        since: datetime,
        media: bool = False,
        whole: bool = True,
    ) -> Self:
        run = cls(
            id=uuid7(),
            tenant_id=channel.tenant_id,
            project_id=channel.project_id,
            channel_id=channel.id,
            kind=kind,
            cause=cause,
            since=min(since, now),
            until=now,
            media=media,
            whole=whole,
            next_chat=0 if whole else None,
            started_at=now,
        )
        run._tell(ChannelHistoryImportRequested(channel_id=channel.id, run_id=run.id, since=run.since))
        return run

    @property
    def recovers(self) -> bool:
        """Whether what it finds missing should have been here: an import fetches what nobody ever delivered."""
        return self.kind is RunKind.RECONCILIATION

    @property
    def asks_provider(self) -> bool:
        """Whether what it tells is the provider's word; else somebody gave it to us."""
        return self.kind is not RunKind.GIVEN

    @property
    def is_active(self) -> bool:
        return self.status in {RunStatus.RUNNING, RunStatus.PAUSED}

    @property
    def wants_left_media(self) -> bool:
        """Whether files are wanted that earlier imports left where they were; a comparison brings only its own."""
        return self.kind is RunKind.IMPORT and self.media and self.status is RunStatus.COMPLETED

    def works(self, round: int) -> bool:
        """Whether what was set going in that round is to go on."""
        return self.status is RunStatus.RUNNING and self.round == round

    def listed(self, rows: int | None, own_addresses: Iterable[str]) -> None:
        """Go on behind so many chats; None: these were all."""
        self.own_addresses, self.attempts = sorted(own_addresses), 0
        self.unanswered = self.waits = 0
        self.next_chat = None if rows is None else (self.next_chat or 0) + rows

    def all_listed(self, chats: int) -> None:
        self._tell(ChannelHistoryImportStarted(channel_id=self.channel_id, run_id=self.id, chats=chats))

    def pause(self) -> None:
        """Rest until somebody resumes it, also if it would go on by itself."""
        if self.status is not RunStatus.RUNNING and not (self.is_active and self.resumes_at):
            raise Conflict("only an import that is under way can be paused", code="not_running")
        self._rest(None, None)

    def wait_for_provider(self, totals: Totals, now: datetime) -> None:
        """Rest for a while, each time for longer, until the server answers again; after about a day give up."""
        if self.waits >= MOST_WAITS:
            self.fail(AWAY, GIVEN_UP, now, totals)
            return
        self.resumes_at = now + min(SHORTEST_WAIT * 2**self.waits, LONGEST_WAIT)
        self.waits += 1
        self._rest(AWAY, AWAY_REASON)

    def _rest(self, code: str | None, reason: str | None) -> None:
        self.status, self.failure_code, self.failure_reason = RunStatus.PAUSED, code, reason
        self.resumes_at = self.resumes_at if code else None
        self._tell(ChannelHistoryImportPaused(channel_id=self.channel_id, run_id=self.id, reason=code))

    @property
    def is_away(self) -> bool:
        """Whether its server did not answer when it was last asked, and has been waited for."""
        return self.waits > 0

    @property
    def hears_nothing(self) -> bool:
        return self.unanswered >= (1 if self.is_away else MOST_UNANSWERED)

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to go on by itself."""
        return self.resumes_at is not None and self.resumes_at <= now

    def resume(self, now: datetime) -> None:
        """Go on because somebody wants it, where it stopped, by will or by failure."""
        if self.status not in {RunStatus.PAUSED, RunStatus.FAILED}:
            raise Conflict("only an import that is paused or has failed can be resumed", code="not_stopped")
        self.waits = 0
        self.go_on(now)

    def go_on(self, now: datetime) -> None:
        """Work again where it stopped; if that is long ago, from a new list of the chats."""
        self.failure_code, self.failure_reason, self.finished_at, self.totals = None, None, None, None
        self.status, self.attempts, self.unanswered, self.resumes_at = RunStatus.RUNNING, 0, 0, None
        if self.whole and now - self.started_at >= CHATS_KEPT:
            self.next_chat = 0
        self.set_going()
        self._tell(ChannelHistoryImportResumed(channel_id=self.channel_id, run_id=self.id))

    def set_going(self) -> None:
        """Begin a round of its own, whatever became of the one before."""
        self.round += 1

    def cancel(self, by: UUID | None, now: datetime) -> None:
        if not self.is_active:
            raise Conflict("this import is over", code="not_running")
        self._end(RunStatus.CANCELLED, now)
        self._tell(ChannelHistoryImportCancelled(channel_id=self.channel_id, run_id=self.id, by=by))

    def let_go(self, by: UUID | None, now: datetime) -> None:
        """End it if it is under way, and do not begin it again by itself."""
        if self.is_active:
            self.cancel(by, now)
        self.resumes_at = None

    def finish(self, totals: Totals, now: datetime) -> None:
        """End, well or not: chats that could not be read make it a failure, which can be resumed."""
        if totals.chats_failed:
            reason = f"{totals.chats_failed} of {totals.chats} chats could not be read; resume to try them again"
            self.fail("chats_unread", reason, now, totals)
            return
        self.totals = totals
        self._end(RunStatus.COMPLETED, now)
        counts = {"chats": totals.chats, "read": totals.read, "added": totals.added, "known": totals.known}
        self._tell(ChannelHistoryImportCompleted(channel_id=self.channel_id, run_id=self.id, **counts))

    def fail(self, code: str, reason: str, now: datetime, totals: Totals | None = None) -> None:
        self.failure_code, self.failure_reason, self.totals = code, reason, totals
        self._end(RunStatus.FAILED, now)
        if self.recovers and self.cause is not RunCause.REQUESTED and self.retries < len(RETRIES):
            self.resumes_at = now + RETRIES[self.retries]
            self.retries += 1
        event = ChannelHistoryImportFailed(channel_id=self.channel_id, run_id=self.id, code=code, reason=reason)
        self._tell(event)

    def _end(self, status: RunStatus, now: datetime) -> None:
        self.status, self.finished_at, self.resumes_at = status, now, None

    def _tell(self, event: Event) -> None:
        """Of an import everybody is told; of a reconciliation only what it finds."""
        if self.kind is RunKind.IMPORT:
            self.record(event)


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when there is to be no other."""
    return BACKOFF[attempts - 1] if attempts < MOST_ATTEMPTS else None


def window(channel: Channel, now: datetime) -> datetime:
    """From when on an import reads that was not told: where the last one ended, or as far back as is usual."""
    earliest = now - WINDOW
    known = channel.history_read_until
    return max(earliest, known - OVERLAP) if known else earliest
