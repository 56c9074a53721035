"""How often each function is called, for how long, and how many instances that keeps busy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.estimate.facts import Facts
from infra.estimate.traffic import DAY, Traffic
from infra.local.cron import Cron
from shared.cloud.pulling import WAIT

GRAIN = 0.1  # seconds, to which Google rounds what it bills up
FILLED = 0.7  # of what an instance can do; beyond that Google starts another
USUAL_MS = 50.0  # a schedule that was not measured
# Google's share of a processor by MiB, for functions that take one call at a time.
SHARES = {256: 0.167, 512: 0.333, 1024: 0.583, 2048: 1.0}
PUBLIC = {"endpoint", "webhook", "preflight"}


@dataclass(frozen=True, kw_only=True)
class Load:
    """One function under a traffic; rates are by second, times in seconds."""

    name: str
    kind: str
    rate: float
    wall: float
    processor: float
    in_database: float  # of `wall`
    vcpu: float
    gib: float
    concurrency: int
    warm: bool

    def instances(self, times: float = 1.0) -> float:
        """How many are at work on average when calls come `times` as often, each as full as it gets."""
        waiting = self.rate * times * self.wall / (self.concurrency * FILLED)
        working = self.rate * times * self.processor / (self.vcpu * FILLED)
        return max(waiting, working)

    @property
    def billed(self) -> float:
        """The part of a second that is billed, over all instances: at least the time in which any call is answered."""
        alone = 1 - math.exp(-self.rate * max(self.wall, GRAIN))
        return max(alone, self.instances())


def loads(functions: Mapping[str, Mapping[str, Any]], facts: Facts, traffic: Traffic) -> list[Load]:
    """Every function that this traffic calls, or the clock; `functions` are the manifest's entries by name."""
    return [_load(each, facts, traffic) for each in functions.values() if _rate(each, facts, traffic)]


def _load(entry: Mapping[str, Any], facts: Facts, traffic: Traffic) -> Load:
    name = entry["name"]
    in_database = facts.wall_ms.get(name, USUAL_MS) / 1000
    waits = {**traffic.waits, "export_spans": WAIT}
    return Load(
        name=name,
        kind=entry["kind"],
        rate=_rate(entry, facts, traffic),
        wall=in_database + waits.get(name, 0.0),
        processor=facts.processor_ms.get(name, USUAL_MS) / 1000,
        in_database=in_database,
        vcpu=1.0 if entry["concurrency"] > 1 else SHARES.get(entry["memory"], 1.0),
        gib=entry["memory"] / 1024,
        concurrency=entry["concurrency"],
        warm=entry["warm"],
    )


def _rate(entry: Mapping[str, Any], facts: Facts, traffic: Traffic) -> float:
    if entry["kind"] == "schedule":
        return runs_a_day(entry["trigger"]["cron"]) / DAY
    return float(facts.per_message(facts.calls.get(entry["name"], 0))) * traffic.each_second


def runs_a_day(cron: str) -> int:
    """How often a schedule runs on a usual day."""
    begin = datetime(2026, 11, 30, tzinfo=UTC)
    known = Cron.parse(cron)
    return sum(known.includes(begin + timedelta(minutes=minute)) for minute in range(DAY // 60))
