"""One table of the outbox on its way out: the rows of a key in their order, many keys at once."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Event

from shared.cloud.failures import Scope, Undelivered
from shared.runtime.leases import Leases, as_array
from shared.runtime.patience import Patience
from shared.runtime.postgres import DATABASE_ERRORS, Connections, Row, Sql, sql
from shared.runtime.telemetry import say

AT_ONCE = 16  # keys
MOST, MOST_PER_SHARD = 256, 64  # rows of one reading
BUSY_POLL, IDLE_POLL = 0.025, 0.075  # seconds
GATHER_FOR = 0.003  # seconds
BUSY_FOR = 1.0  # seconds after the last row was seen
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds a key waits after a failure

# Rows become visible out of order, so what is unpublished is read, never "what came after".
_READ = """
select waiting.* from unnest(cast(:shards as smallint[])) as held (shard), lateral (
    select seq, outbox.shard, tenant_id, id, attempts, {destination}, {key}, {content} from {table} as outbox
    where outbox.shard = held.shard and published_at is null and {due}
        and {destination} <> all(array(select jsonb_array_elements_text(:skipped)))
        and {destination} || ' ' || {key} <> all(array(select jsonb_array_elements_text(:skipped)))
    order by seq limit :most_per_shard
) as waiting
order by seq limit :most
"""
_PUBLISHED = """
update {table} set published_at = clock_timestamp(), last_error = null
where tenant_id = :tenant_id and id = any(cast(:ids as uuid[]))
"""
_FAILED = """
update {table} set attempts = attempts + 1, last_error = :reason where tenant_id = :tenant_id and id = :id
"""
# A mark that a crash loses is a duplicate with the same id, which every consumer expects.
_UNHURRIED = sql("select set_config('synchronous_commit', 'off', true)")


@dataclass(frozen=True)
class Outlet:
    """What differs between events and tasks: the SQL of the columns, and how a parcel is sent.

    `destination` is the topic or queue, `key` what is kept in order. `send` raises `Undelivered`.
    """

    name: str
    table: str
    destination: str
    key: str
    content: str
    send: "Callable[[Parcel], None]"
    due: str = "true"

    def sql(self, text: str, **values: object) -> Sql:
        columns = {name: getattr(self, name) for name in ("table", "destination", "key", "content", "due")}
        return Sql(text.format(**columns), values)


@dataclass(frozen=True)
class Waiting:
    """A row that was read; `content` holds the outlet's own columns."""

    shard: int
    tenant_id: str
    id: str
    attempts: int
    destination: str
    key: str
    content: Row

    @classmethod
    def of(cls, row: Row) -> "Waiting":
        _, shard, tenant_id, row_id, attempts, destination, key, *content = (value or "" for value in row)
        return cls(int(shard), tenant_id, row_id, int(attempts), destination, key, tuple(content))

    @property
    def line(self) -> str:
        """Where it stands in line: behind those of its destination and key."""
        return f"{self.destination} {self.key}"


@dataclass(frozen=True)
class Parcel:
    """Rows of one line, oldest first, which go out in one request."""

    rows: list[Waiting]

    @property
    def first(self) -> Waiting:
        return self.rows[0]


@dataclass
class Pauses:
    """Lines and destinations that wait after a failure."""

    _ends: dict[str, float] = field(default_factory=dict)

    def begin(self, name: str, failures: int) -> None:
        self._ends[name] = time.monotonic() + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10))

    def current(self) -> set[str]:
        now = time.monotonic()
        self._ends = {name: end for name, end in self._ends.items() if end > now}
        return set(self._ends)


class Lane:
    """Carries what an outlet's table holds, as far as the leases allow."""

    def __init__(self, outlet: Outlet, database: Connections, leases: Leases) -> None:
        self.wake = Event()
        self._outlet, self._database, self._leases = outlet, database, leases
        self._queue: deque[Parcel] = deque()
        self._lines: set[str] = set()  # queued, under way, or not yet marked
        self._under_way = 0
        self._ended: SimpleQueue[tuple[Parcel, Undelivered | None]] = SimpleQueue()
        self._unmarked: list[tuple[Parcel, Undelivered | None]] = []
        self._pauses = Pauses()
        self._closed_until = 0.0
        self._saw_rows_at = 0.0
        self._service = Patience(outlet.name)
        self._patience = Patience(f"the database, for {outlet.name}")

    def run(self, stop: Event, *, until_empty: bool = False) -> None:
        """Carry until told to stop or, if so asked, until nothing is left that can be carried now."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=self._outlet.name) as pool:
            while not stop.is_set():
                found = self._turn(pool, stop)
                if until_empty and not found and not self._lines:
                    break
                self.wake.wait(self._poll())
                self._gather()
                self.wake.clear()
        self._finish()

    def _gather(self) -> None:
        """Give what is still under way a moment to end, so that one round trip marks several."""
        if self._ended.qsize() < self._under_way - len(self._unmarked):
            time.sleep(GATHER_FOR)

    def _turn(self, pool: ThreadPoolExecutor, stop: Event) -> bool:
        """Mark what has ended, read what waits, send what may go; tell whether anything was found."""
        try:
            found = self._exchange(reading=len(self._queue) < AT_ONCE and self._open())
        except DATABASE_ERRORS as error:
            stop.wait(self._patience.failed(error))
            return True
        self._patience.succeeded()
        self._queue.extend(found)
        self._start(pool)
        return bool(found)

    def _finish(self) -> None:
        """Mark what was under way when the lane was stopped."""
        try:
            self._exchange(reading=False)
        except DATABASE_ERRORS as error:
            say("not marked as published: it goes out again", lane=self._outlet.name, reason=type(error).__name__)

    def _exchange(self, *, reading: bool) -> list[Parcel]:
        """One round trip: write down what has ended and read what waits."""
        self._unmarked.extend(self._take_ended())
        held = self._leases.shards()
        self._drop_all_but(held)
        shards = held if reading else set()
        ended = {parcel.first.line for parcel, _ in self._unmarked}
        marks = [*self._marks()]
        read = [self._read(shards, self._lines - ended)] if shards else []
        if not marks and not read:
            self._settle()
            return []
        results = self._database.run(_UNHURRIED, *marks, *read)
        self._settle()
        return self._parcels(results[-1]) if read else []

    def _take_ended(self) -> Iterator[tuple[Parcel, Undelivered | None]]:
        while True:
            try:
                parcel, error = self._ended.get_nowait()
            except Empty:
                return
            self._judge(parcel, error)
            yield parcel, error

    def _judge(self, parcel: Parcel, error: Undelivered | None) -> None:
        """Decide what waits, and for how long, after a failure."""
        first = parcel.first
        if error is None:
            self._service.succeeded()
        elif error.scope is Scope.SERVICE:
            if self._open():
                self._closed_until = time.monotonic() + self._service.failed(error)
        else:
            self._pauses.begin(first.destination if error.scope is Scope.DESTINATION else first.line, first.attempts)

    def _marks(self) -> Iterator[Sql]:
        # Statement by statement with the whole key in sight: joins to a list are planned as scans of the table.
        done = sorted(
            (row.tenant_id, row.id) for parcel, error in self._unmarked if error is None for row in parcel.rows
        )
        for tenant_id, rows in groupby(done, key=lambda row: row[0]):
            yield self._outlet.sql(_PUBLISHED, tenant_id=tenant_id, ids=as_array(row_id for _, row_id in rows))
        for parcel, error in self._unmarked:
            if error is not None and error.scope is not Scope.SERVICE:
                row = parcel.first
                yield self._outlet.sql(_FAILED, tenant_id=row.tenant_id, id=row.id, reason=str(error))

    def _read(self, shards: set[int], lines: set[str]) -> Sql:
        return self._outlet.sql(
            _READ,
            shards=as_array(shards),
            skipped=[*(lines | self._pauses.current())],
            most_per_shard=MOST_PER_SHARD,
            most=MOST,
        )

    def _settle(self) -> None:
        for parcel, _ in self._unmarked:
            self._lines.discard(parcel.first.line)
            self._leases.leave(parcel.first.shard)
        self._under_way -= len(self._unmarked)
        self._unmarked = []

    def _parcels(self, rows: list[Row]) -> list[Parcel]:
        lines: dict[str, list[Waiting]] = {}
        for waiting in map(Waiting.of, rows):
            lines.setdefault(waiting.line, []).append(waiting)
        self._lines |= lines.keys()
        self._saw_rows_at = time.monotonic() if rows else self._saw_rows_at
        # After a failure one at a time, so that what stands before the bad one gets through.
        return [Parcel(rows[:1] if rows[0].attempts else rows) for rows in lines.values()]

    def _drop_all_but(self, shards: set[int]) -> None:
        """Forget what waits here of shards that another relay may carry by now."""
        dropped = {parcel.first.line for parcel in self._queue if parcel.first.shard not in shards}
        self._lines -= dropped
        self._queue = deque(parcel for parcel in self._queue if parcel.first.line not in dropped)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        while self._queue and self._under_way < AT_ONCE and self._open():
            parcel = self._queue.popleft()
            if self._leases.enter(parcel.first.shard):
                self._under_way += 1
                pool.submit(self._carry, parcel)
            else:
                self._lines.discard(parcel.first.line)

    def _carry(self, parcel: Parcel) -> None:
        error = None
        try:
            self._outlet.send(parcel)
        except Undelivered as undelivered:
            error = undelivered
        except Exception as unforeseen:  # noqa: BLE001 - a row that cannot be sent must not stop the others
            say("cannot be sent", level=40, error=True, lane=self._outlet.name, event_id=parcel.first.id)
            error = Undelivered(type(unforeseen).__name__, Scope.MESSAGE)
        self._ended.put((parcel, error))
        self.wake.set()

    def _open(self) -> bool:
        return time.monotonic() >= self._closed_until

    def _poll(self) -> float:
        return BUSY_POLL if time.monotonic() - self._saw_rows_at < BUSY_FOR else IDLE_POLL
