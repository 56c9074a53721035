"""Which shards of the outbox this relay may carry, and until when: leases in Postgres, by Postgres' clock."""

import time
from collections import Counter
from collections.abc import Iterable
from math import ceil
from threading import Event, Lock

from shared.runtime.patience import Patience
from shared.runtime.postgres import DATABASE_ERRORS, Connections, Row, Sql, sql
from shared.runtime.telemetry import say

SHARDS = 16
SECONDS = 10.0
RENEWED_EVERY = 3.0
LOOKED_EVERY = 0.25  # while it has less than its share, or gives some of it away
MARGIN = 4.0  # what is begun with this much left has ended, one way or the other, before the lease does

_PRESENT = """
insert into relays (holder, expires_at) values (:holder, clock_timestamp() + make_interval(secs => :seconds))
on conflict (holder) do update set expires_at = excluded.expires_at
"""
_FORGET = sql("delete from relays where expires_at <= clock_timestamp()")
_COUNT = sql("select count(*) from relays where expires_at > clock_timestamp()")
_RENEW = """
update relay_leases set expires_at = clock_timestamp() + make_interval(secs => :seconds)
where holder = :holder returning shard
"""
# In the order of shards: two relays that take at once wait for each other and do not deadlock.
_TAKE = """
insert into relay_leases (shard, holder, expires_at)
select free.shard, :holder, clock_timestamp() + make_interval(secs => :seconds)
from generate_series(0, 15) as free (shard)
where not exists (
    select from relay_leases as taken where taken.shard = free.shard and taken.expires_at > clock_timestamp())
order by free.shard limit :missing
on conflict (shard) do update set holder = excluded.holder, expires_at = excluded.expires_at
where relay_leases.expires_at <= clock_timestamp()
returning shard
"""
_GIVE_BACK = "delete from relay_leases where holder = :holder and shard = any(cast(:shards as smallint[]))"
_GIVE_UP = "delete from relay_leases where holder = :holder"
_DEPART = "delete from relays where holder = :holder"


class Leases:
    """The shards one relay holds: an even share of them, or with `sweeping` all that nobody else holds.

    A shard is in use between `enter` and `leave`; one that another relay is due goes over when it is not.
    """

    def __init__(self, database: Connections, holder: str, *, sweeping: bool = False) -> None:
        self._database, self._holder, self._sweeping = database, holder, sweeping
        self._lock = Lock()
        self._held: set[int] = set()
        self._leaving: set[int] = set()
        self._used: Counter[int] = Counter()
        self._good_until = 0.0
        self._patience = Patience("the database, for the leases")

    def shards(self) -> set[int]:
        """What may be carried just now."""
        with self._lock:
            return self._usable()

    def enter(self, shard: int) -> bool:
        """Begin to use a shard, if it may be."""
        with self._lock:
            usable = shard in self._usable()
            self._used[shard] += usable
            return usable

    def leave(self, shard: int) -> None:
        with self._lock:
            self._used[shard] -= 1

    def keep(self, stop: Event) -> None:
        """Renew, take and give away until told to stop."""
        while not stop.wait(self.look()):
            pass

    def look(self) -> float:
        """Do it once, and return the seconds until the next time."""
        try:
            settled = self._settle(time.monotonic())
        except DATABASE_ERRORS as error:
            return self._patience.failed(error)
        self._patience.succeeded()
        return RENEWED_EVERY if settled else LOOKED_EVERY

    def release(self) -> None:
        """Let others take over at once; call it when nothing is in use any more."""
        try:
            self._database.run(self._sql(_GIVE_UP), self._sql(_DEPART))
        except DATABASE_ERRORS as error:
            say("leases not released: they end by themselves", reason=type(error).__name__)
        with self._lock:
            self._held.clear()

    def _usable(self) -> set[int]:
        return self._held - self._leaving if time.monotonic() < self._good_until - MARGIN else set()

    def _settle(self, began: float) -> bool:
        """Bring what is held towards the share; tell whether it is there."""
        present = [] if self._sweeping else [self._sql(_PRESENT)]
        *_, renewed, counted = self._database.run(*present, _FORGET, self._sql(_RENEW), _COUNT)
        relays = 1 if self._sweeping else max(1, int(counted[0][0] or 1))
        share = ceil(SHARDS / relays)
        held = _shards(renewed)
        if len(held) < share:
            (taken,) = self._database.run(self._sql(_TAKE, missing=share - len(held)))
            held |= _shards(taken)
        self._hold(held, share, began)
        self._give_back()
        return SHARDS // relays <= len(held) <= share

    def _hold(self, held: set[int], share: int, began: float) -> None:
        with self._lock:
            if held != self._held:
                say("shards held", shards=len(held))
            self._held, self._leaving = held, set(sorted(held)[share:])
            self._good_until = began + SECONDS

    def _give_back(self) -> None:
        with self._lock:
            unused = {shard for shard in self._leaving if not self._used[shard]}
        if unused:
            self._database.run(self._sql(_GIVE_BACK, shards=as_array(unused)))
            with self._lock:
                self._held -= unused

    def _sql(self, text: str, **values: object) -> Sql:
        return Sql(text, {"holder": self._holder, "seconds": SECONDS, **values})


def as_array(values: Iterable[int | str]) -> str:
    """Write numbers or ids as Postgres reads an array."""
    return f"{{{','.join(map(str, values))}}}"


def _shards(rows: list[Row]) -> set[int]:
    return {int(row[0] or 0) for row in rows}
