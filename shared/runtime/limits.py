"""How often callers may call: an exact log of the last minute in the shared store, for a person and for a tenant."""

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from shared.cloud.redis import REST, Redis, StoreAway
from shared.kernel.errors import TooMany
from shared.kernel.ids import uuid7
from shared.runtime.declarations import Limit
from shared.runtime.identity import Principal, tenant_scope
from shared.runtime.postgres import DATABASE_ERRORS, connections, sql
from shared.runtime.settings import settings
from shared.runtime.telemetry import Seldom, say

WINDOW = 60  # seconds
# What one person may do in a minute; what is not here is not limited, or deliveries would be lost.
PER_USER: Mapping[Limit, int] = {
    Limit.AUTH: 5,
    Limit.CRM_READ: 100,
    Limit.CRM_WRITE: 20,
    Limit.WEBHOOKS: 10,
    Limit.AI: 10,
}
TENANT_FACTOR = 20  # a tenant's ceiling is so many times what one person may do
ROWS_SECONDS = 30.0  # how long the rates that an operator set are remembered

# The store's clock counts, the one that all instances share. Both logs have room, or neither is written.
SCRIPT = """
local now = redis.call('TIME')
local micros = now[1] * 1000000 + now[2]
local window = tonumber(ARGV[1]) * 1000000
local free, answer = 1, {}
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[i + 2])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', micros - window))
  if redis.call('ZCARD', key) >= limit then free = 0 end
end
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[i + 2])
  if free == 1 then
    redis.call('ZADD', key, string.format('%.0f', micros), ARGV[2])
    redis.call('EXPIRE', key, ARGV[1])
  end
  local count = redis.call('ZCARD', key)
  local first = redis.call('ZRANGE', key, math.max(count - limit, 0), math.max(count - limit, 0), 'WITHSCORES')
  local wait = 0
  if first[2] then wait = tonumber(first[2]) + window - micros end
  table.insert(answer, count)
  table.insert(answer, string.format('%.0f', wait))
end
return {free, now[1], answer}
"""
_LOCK = "select pg_advisory_xact_lock(hashtextextended(:key_hash, 0))"
_FORGET = "delete from auth_attempts where key_hash = :key_hash and at <= clock_timestamp() - interval '1 minute'"
_COUNT = """
insert into auth_attempts (key_hash) select :key_hash
where (select count(*) from auth_attempts where key_hash = :key_hash) < :most returning key_hash
"""
_STANDING = """
select count(*), ceil(extract(epoch from min(at) + interval '1 minute' - clock_timestamp())),
    floor(extract(epoch from clock_timestamp()))
from auth_attempts where key_hash = :key_hash
"""
# Not more often than the breaker opens; in between those that nobody counted are counted.
away = Seldom("the rate limits' store is away", every=REST)
_ROWS = "select limit_group, scope, per_minute from rate_limits where tenant_id = :tenant_id"


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """One log: whose it is, and how many it may hold."""

    key: str
    limit: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a caller stands after a request, in the words of the headers."""

    limit: int
    remaining: int
    wait: float  # seconds until the next place is free, or until the oldest request is forgotten
    at: int  # the store's time, in Unix seconds

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.at + math.ceil(self.wait)),
        }


class Turnstile:
    """Counts one request in its group, once, however often its work is done again."""

    def __init__(self, group: Limit) -> None:
        self.group = group
        self.headers: dict[str, str] = {}
        self._passed = False

    def admit(self, caller: Principal) -> None:
        """TooMany: the person or the tenant has called too often."""
        if self._passed or self.group not in PER_USER or self._is_open():
            return
        self._passed = True
        user, tenant = rates(caller.tenant_id, self.group)
        place = f"limit:{{{caller.tenant_id}}}:{self.group}"
        self._pass(
            Bucket(key=f"{place}:user:{caller.user_id}", limit=user), Bucket(key=f"{place}:tenant", limit=tenant)
        )

    def admit_unknown(self, kind: str, name: str) -> None:
        """TooMany: from this address, or for this e-mail, it was tried too often. Only sign-in and sign-up count."""
        if self.group is not Limit.AUTH or not name:
            return
        hashed = hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()
        self._pass(Bucket(key=f"limit:auth:{hashed}", limit=PER_USER[Limit.AUTH]))

    def _is_open(self) -> bool:
        """Whether nothing counts these calls: without a store only sign-ins and what belongs to them are counted."""
        return self.group is not Limit.AUTH and store() is None

    def _pass(self, *buckets: Bucket) -> None:
        counted = self._counted(buckets)
        if counted is None:
            return
        free, standings = counted
        tightest = min(standings, key=lambda each: (each.remaining, -each.wait))
        self.headers = tightest.headers()
        if not free:
            raise _refusal(tightest, self.headers)

    def _counted(self, buckets: tuple[Bucket, ...]) -> tuple[bool, list[Standing]] | None:
        """Whether there is room, and how the caller stands; None where the store is away and that is let through."""
        known = store()
        try:
            if known is not None:
                return _in_store(known, buckets)
        except StoreAway as error:
            away.warn(reason=str(error), group=self.group)
        return _in_postgres(buckets[0]) if self.group is Limit.AUTH else None


def _refusal(standing: Standing, headers: Mapping[str, str]) -> TooMany:
    seconds = max(math.ceil(standing.wait), 1)
    return TooMany(
        f"that was too often; try again in {seconds} seconds",
        details={
            "limit": standing.limit,
            "remaining": 0,
            "reset": int(headers["X-RateLimit-Reset"]),
            "retry_after": seconds,
        },
    )


def _in_store(known: Redis, buckets: tuple[Bucket, ...]) -> tuple[bool, list[Standing]]:
    values = [str(WINDOW), str(uuid7()), *(str(each.limit) for each in buckets)]
    free, at, counted = known.run(SCRIPT, [each.key for each in buckets], values)
    counts, waits = counted[::2], counted[1::2]
    return bool(free), [
        _standing(bucket, int(count), float(wait) / 1e6, int(at))
        for bucket, count, wait in zip(buckets, counts, waits, strict=True)
    ]


def _in_postgres(bucket: Bucket) -> tuple[bool, list[Standing]]:
    values = {"key_hash": hashlib.sha256(bucket.key.encode()).hexdigest(), "most": bucket.limit}
    statements = [sql(text, **values) for text in (_LOCK, _FORGET, _COUNT, _STANDING)]
    _, _, admitted, ((count, wait, at),) = connections(settings().database_url).run(*statements)
    return bool(admitted), [_standing(bucket, int(count or 0), float(wait or 0), int(at or 0))]


def _standing(bucket: Bucket, count: int, wait: float, at: int) -> Standing:
    return Standing(limit=bucket.limit, remaining=max(bucket.limit - count, 0), wait=wait, at=at)


@cache
def store() -> Redis | None:
    """The store that this process counts in; None where none is configured: then only sign-ins are limited."""
    if not settings().upstash_url:
        say("only sign-ins are limited, in Postgres: no store is configured in UPSTASH_URL")
        return None
    return Redis(settings().upstash_url, settings().upstash_token)


_known: dict[UUID, tuple[float, dict[tuple[str, str], int]]] = {}


def rates(tenant_id: UUID, group: Limit) -> tuple[int, int]:
    """What one person of the tenant may do in a minute, and all of them together."""
    rows = _rows(tenant_id)
    user = rows.get((group, "user"), PER_USER[group])
    return user, rows.get((group, "tenant"), max(PER_USER[group], user) * TENANT_FACTOR)


def _rows(tenant_id: UUID) -> dict[tuple[str, str], int]:
    until, rows = _known.get(tenant_id, (0.0, {}))
    if time.monotonic() < until:
        return rows
    try:
        found: list[Any] = connections(settings().database_url).run(
            tenant_scope(tenant_id), sql(_ROWS, tenant_id=tenant_id)
        )[1]
    except DATABASE_ERRORS:
        say("the tenant's own rates cannot be read; the last known hold", level=30, error=True)
        return rows
    rows = {(group, scope): int(per_minute) for group, scope, per_minute in found}
    _known[tenant_id] = (time.monotonic() + ROWS_SECONDS, rows)
    return rows


def client_address(forwarded: str | None) -> str:
    """Who called, by the words of our own doors: each adds the address that it was called from, on the right.

    What stands further left the caller may have written; where a door is missing, the first address counts.
    """
    seen = [each.strip() for each in (forwarded or "").split(",")]
    return seen[max(len(seen) - 1 - int(settings().proxies_behind_caller), 0)]


def network(address: str) -> str:
    """Whom an address counts as: of IPv6 somebody has a whole /64, so all of it is one; IPv4 within it is IPv4."""
    from ipaddress import IPv6Address, IPv6Network, ip_address

    try:
        known = ip_address(address.strip("[]"))
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    return str(known.ipv4_mapped or IPv6Network((int(known), 64), strict=False))
