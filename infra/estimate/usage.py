"""What a month takes and costs, line by line."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.estimate import installation as sizes
from infra.estimate.facts import Facts
from infra.estimate.functions import PUBLIC, Load, loads
from infra.estimate.installation import Installation
from infra.estimate.prices import Prices
from infra.estimate.traffic import DAY, DAYS, Traffic

GIB = 1 << 30
HOURS = 24 * DAYS
MONTH = DAY * DAYS
LEAST_REQUEST = 1_000  # bytes that Pub/Sub counts for a smaller one
COMFORT = 0.6  # of the database's processors, at the peak


@dataclass(frozen=True, kw_only=True)
class Line:
    """So much of something in a month; `cost` in billionths of a dollar."""

    name: str
    quantity: int
    unit: str
    cost: int


@dataclass(frozen=True, kw_only=True)
class Usage:
    """An installation under a traffic, with what follows from the two."""

    manifest: Mapping[str, Any]
    facts: Facts
    traffic: Traffic
    installation: Installation
    prices: Prices

    @property
    def functions(self) -> list[Load]:
        return loads({each["name"]: each for each in self.manifest["functions"]}, self.facts, self.traffic)

    def monthly(self, sum_over_all: int) -> int:
        """A sum of the facts, over a month of this traffic."""
        return math.ceil(self.facts.per_message(sum_over_all) * self.traffic.messages * DAYS)

    @property
    def database_cores(self) -> float:
        """Processors of the database that are busy on average; four milliseconds a message where nobody measured."""
        events = sum(each.count for volumes in (self.facts.events, self.facts.tasks) for each in volumes.values())
        relayed = events * sizes.RELAY_DATABASE_MS
        functions = 4.0 * self.facts.messages if self.facts.database_ms is None else self.facts.database_ms
        return (functions + relayed) / self.facts.messages / 1000 * self.traffic.each_second

    @property
    def database_vcpus(self) -> int:
        """The smallest shape that is comfortable at the peak; the largest when none is."""
        wanted = self.database_cores * self.traffic.peak / COMFORT
        return next((shape for shape in sizes.SHAPES if shape >= wanted), sizes.SHAPES[-1])

    @property
    def disk_gib(self) -> int:
        """What the tables take when the installation is `months` old."""
        age = self.traffic.months * DAYS
        kept = sum(
            self.facts.per_message(size) * min(age, sizes.KEPT.get(name, age))
            for name, size in self.facts.tables.items()
        )
        grown = float(kept) * self.traffic.messages * sizes.BLOAT / GIB
        return max(self.installation.least_disk_gib, math.ceil(grown))

    @property
    def connectors(self) -> int:
        """How many of the connector's machines carry the peak."""
        bits = float(self.facts.per_message(self.facts.sql_bytes)) * self.traffic.each_second * self.traffic.peak * 8
        needed = math.ceil(bits / (sizes.CONNECTOR_BITS * 0.7))
        return min(max(needed, self.installation.connectors), self.installation.most_connectors)

    def lines(self) -> list[Line]:
        return [*self._functions(), *self._bus(), *self._database(), *self._network(), *self._watched()]

    def _line(self, name: str, price: str, quantity: int, unit: str) -> Line:
        return Line(name=name, quantity=quantity, unit=unit, cost=self.prices.cost(price, quantity))

    def _functions(self) -> Iterator[Line]:
        known = self.functions
        calls = math.ceil(sum(each.rate for each in known) * MONTH)
        public = math.ceil(sum(each.rate for each in known if each.kind in PUBLIC) * MONTH)
        yield self._line("functions, calls", "function_call", calls, "calls")
        yield self._line("functions, processor", "vcpu_second", _sum(known, lambda each: each.vcpu), "vCPU-s")
        yield self._line("functions, memory", "gib_second", _sum(known, lambda each: each.gib), "GiB-s")
        yield from self._warm(known)
        yield self._line("API Gateway", "gateway_call", public, "calls")

    def _warm(self, known: list[Load]) -> Iterator[Line]:
        """Instances that wait: of functions that are declared warm, when they do not work; of services, always."""
        waiting = {each.name: max(0.0, 1 - each.billed) for each in known if each.warm}
        warm = [each for each in self.manifest["functions"] if each["warm"] and each["kind"] != "service"]
        idle = {each["name"]: waiting.get(each["name"], 1.0) for each in warm}
        vcpu = math.ceil(sum(idle.values()) * MONTH)
        gib = math.ceil(sum(idle[each["name"]] * each["memory"] / 1024 for each in warm) * MONTH)
        yield self._line(f"{len(warm)} warm instances, processor", "idle_vcpu_second", vcpu, "vCPU-s")
        yield self._line(f"{len(warm)} warm instances, memory", "idle_gib_second", gib, "GiB-s")
        services = [each for each in self.manifest["functions"] if each["kind"] == "service"]
        memory = math.ceil(sum(each["memory"] for each in services) / 1024 * MONTH)
        yield self._line("services, processor", "lasting_vcpu_second", len(services) * MONTH, "vCPU-s")
        yield self._line("services, memory", "lasting_gib_second", memory, "GiB-s")

    def _bus(self) -> Iterator[Line]:
        published, delivered = self.bus_bytes()
        yield self._line("Pub/Sub", "pubsub_gib", _gib(published + delivered), "GiB")
        tasks = sum(each.count for each in self.facts.tasks.values())
        yield self._line("Cloud Tasks", "task_operation", 2 * self.monthly(tasks), "operations")
        jobs = sum(each["kind"] == "schedule" for each in self.manifest["functions"])
        yield self._line("Cloud Scheduler", "scheduler_job", jobs, "jobs")

    def bus_bytes(self) -> tuple[int, int]:
        """Published, and handed to subscriptions: to all of a topic, for what a filter leaves out is paid for too."""
        listeners = dict.fromkeys(self.facts.events, 0)
        for each in self.manifest["subscriptions"]:
            if each["topic"] in listeners:
                listeners[each["topic"]] += 1
        sizes_ = {topic: max(each.bytes, each.count * LEAST_REQUEST) for topic, each in self.facts.events.items()}
        spans = self.spans * LEAST_REQUEST
        delivered = sum(size * listeners[topic] for topic, size in sizes_.items())
        return self.monthly(sum(sizes_.values())) + spans, self.monthly(delivered) + spans

    @property
    def spans(self) -> int:
        """Spans of a month: each kept call is one."""
        return math.ceil(sum(each.rate for each in self.functions) * MONTH / self.traffic.trace_one_in)

    def _database(self) -> Iterator[Line]:
        twice = 2 if self.installation.available_in_two else 1
        shape = self.database_vcpus
        memory = math.ceil(shape * sizes.GIB_EACH)
        yield self._line(f"Cloud SQL, {shape} vCPU x {twice}", "sql_vcpu_hour", twice * shape * HOURS, "vCPU-h")
        yield self._line(f"Cloud SQL, {memory} GiB x {twice}", "sql_gib_hour", twice * memory * HOURS, "GiB-h")
        yield self._line(f"Cloud SQL, disk x {twice}", "sql_disk_gib", twice * self.disk_gib, "GiB")
        yield self._line("Cloud SQL, backups", "sql_backup_gib", self.disk_gib, "GiB")
        yield self._line(
            f"{self.installation.poolers} poolers", "e2_small_hour", self.installation.poolers * HOURS, "h"
        )
        yield self._line("their balancer", "forwarding_hour", HOURS, "h")

    def _network(self) -> Iterator[Line]:
        yield self._line(f"connector, {self.connectors} machines", "e2_micro_hour", self.connectors * HOURS, "h")
        sent = self.monthly(self.facts.calls.get("send_message", 0)) * sizes.SEND_BYTES
        yield self._line("NAT", "nat_hour", HOURS, "h")
        yield self._line("NAT, data", "nat_gib", _gib(sent), "GiB")
        yield self._line("the fixed address", "address_hour", HOURS, "h")
        answers = self.monthly(sum(self.facts.answer_bytes.values()))
        heads = sum(math.ceil(each.rate * MONTH) for each in self.functions if each.kind in PUBLIC) * sizes.ANSWER_BYTES
        yield self._line("egress", "egress_gib", _gib(answers + heads + sent), "GiB")

    def _watched(self) -> Iterator[Line]:
        yield self._line("logs", "log_gib", _gib(self.monthly(self.facts.log_bytes)), "GiB")
        yield self._line("traces", "span", self.spans, "spans")
        secrets = {name for each in self.manifest["functions"] for name in each["secrets"]}
        yield self._line("secrets", "secret_version", len(secrets), "versions")


def _sum(known: Iterable[Load], of: Callable[[Load], float]) -> int:
    return math.ceil(sum(each.billed * of(each) for each in known) * MONTH)


def _gib(count: int) -> int:
    return math.ceil(count / GIB)
