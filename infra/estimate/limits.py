"""How near each part is to what it can do, in the busiest minute; the nearest gives way first."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.estimate import installation as sizes
from infra.estimate.functions import Load
from infra.estimate.usage import Usage


@dataclass(frozen=True, kw_only=True)
class Part:
    """`share` is what is used of what there is; above 1 it does not hold. `knob` moves it."""

    name: str
    share: float
    knob: str


def parts(usage: Usage) -> list[Part]:
    """All parts, the fullest first."""
    return sorted([*_functions(usage), *_database(usage), *_ways(usage)], key=lambda part: -part.share)


def _functions(usage: Usage) -> Iterator[Part]:
    for each in usage.functions:
        if each.kind not in usage.installation.instances or each.kind == "schedule":
            continue
        share = each.instances(usage.traffic.peak) / usage.installation.instances[each.kind]
        yield Part(name=f"instances of {each.name}", share=share, knob=f"`instances_of = {{ {each.name} = … }}`")


def _database(usage: Usage) -> Iterator[Part]:
    peak, shape = usage.traffic.peak, usage.database_vcpus
    yield Part(
        name=f"the database's processors ({shape} vCPU)",
        share=usage.database_cores * peak / shape,
        knob="`database.tier`; beyond 96 vCPU tenants must be spread over databases",
    )
    busy = sum(_connections(each) for each in usage.functions) * peak
    yield Part(
        name="pooled connections",
        share=busy / (usage.installation.poolers * usage.installation.pooled_connections),
        knob="`pooler.app_connections`, with `database.max_connections`",
    )
    yield Part(
        name="the database's disk",
        share=usage.disk_gib / sizes.MOST_DISK_GIB,
        knob="`OUTBOX_KEPT_DAYS` and how long raw deliveries are kept; then tenants must be spread over databases",
    )


def _connections(load: Load) -> float:
    """How many it holds on average."""
    return load.rate * load.in_database


def _ways(usage: Usage) -> Iterator[Part]:
    facts, traffic = usage.facts, usage.traffic
    peak = traffic.each_second * traffic.peak
    leaving = sum(each.count for volumes in (facts.events, facts.tasks) for each in volumes.values())
    yield Part(
        name="the relay",
        share=float(facts.per_message(leaving)) * peak * sizes.RELAY_MS / 1000,
        knob="`instances_of = { relay_outbox = 2 }`, up to one for each of 16 shards",
    )
    for queue, volume in facts.tasks.items():
        yield Part(
            name=f"the queue {queue}",
            share=float(facts.per_message(volume.count)) * peak / sizes.TASKS_A_SECOND,
            knob="a second queue: 500 tasks a second are Google's own limit",
        )
    bits = float(facts.per_message(facts.sql_bytes)) * peak * 8
    yield Part(
        name="the connector",
        share=bits / (sizes.CONNECTOR_BITS * usage.installation.most_connectors),
        knob="`connector.max_instances` (10 at most), then `connector.machine_type`",
    )
    deliveries = float(facts.per_message(facts.calls["receive_waha"])) * peak / traffic.tenants
    yield Part(
        name="one tenant's channel",
        share=deliveries / sizes.CHANNEL_A_SECOND,
        knob="more numbers: a number's deliveries are kept one after another, two at once",
    )
