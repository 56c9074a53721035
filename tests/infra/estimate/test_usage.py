from dataclasses import replace
from typing import Any

import pytest

from infra.estimate.functions import Load, runs_a_day
from infra.estimate.limits import parts
from infra.estimate.prices import Price, Prices
from infra.estimate.run import total, usage_of
from infra.estimate.traffic import Traffic

IOWA = Prices.load("us-central1")


def usage(messages=1_000_000, tenants=10, **changes):
    return usage_of(Traffic(messages=messages, tenants=tenants, **changes), IOWA)


def lines(known):
    return {line.name: line for line in known.lines()}


def share(known, name):
    (found,) = (part for part in parts(known) if part.name.startswith(name))
    return found.share


def with_manifest(known, **changes):
    return replace(known, manifest={**known.manifest, **changes})


def test_no_float_touches_money():
    for messages in (1, 999, 123_457, 10_000_000):
        assert {type(line.cost) for line in usage(messages).lines()} == {int}
        assert {type(line.quantity) for line in usage(messages).lines()} == {int}


def test_twice_the_messages_are_twice_of_what_messages_make():
    once, twice = lines(usage()), lines(usage(2_000_000))
    for name in ("API Gateway", "Cloud Tasks", "functions, calls"):
        assert twice[name].quantity == pytest.approx(2 * once[name].quantity, rel=0.02)
    for name in ("Cloud Scheduler", "NAT", "2 poolers"):
        assert twice[name] == once[name]


def test_what_a_filter_leaves_out_is_paid_for():
    known = usage()
    published, delivered = known.bus_bytes()
    deaf = {"name": "x", "consumer": "x", "topic": "message", "filter": 'attributes.type = "message.never"'}
    more = with_manifest(known, subscriptions=[*known.manifest["subscriptions"], deaf])
    of_the_topic = known.monthly(max(known.facts.events["message"].bytes, known.facts.events["message"].count * 1000))
    assert more.bus_bytes() == (published, pytest.approx(delivered + of_the_topic, rel=1e-6))
    assert published > 0


def test_each_call_leaves_a_span_unless_fewer_are_kept():
    assert usage(trace_one_in=10).spans == pytest.approx(usage().spans / 10, rel=1e-6)


def test_a_warm_instance_costs_while_it_waits():
    known = usage(1000)
    cold = [{**each, "warm": False} for each in known.manifest["functions"]]
    warm = {name: line for name, line in lines(known).items() if "warm" in name}
    assert all(line.cost > 0 for line in warm.values())
    assert all(line.cost == 0 for name, line in lines(with_manifest(known, functions=cold)).items() if "warm" in name)


def test_the_database_grows_with_what_it_has_to_do():
    small, large = usage(1_000), usage(50_000_000)
    assert (small.database_vcpus, small.disk_gib) == (1, small.installation.least_disk_gib)
    assert large.database_vcpus > 16
    assert share(large, "the database's processors") <= 1.01 or large.database_vcpus == 96
    assert usage(months=24).disk_gib > 1.5 * usage(months=12).disk_gib


def test_more_of_what_gives_way_holds():
    known = usage(20_000_000, 10_000)
    fullest = parts(known)[0]
    assert fullest.share > 1
    assert fullest.name == "instances of run_agent"
    more = replace(known.installation, instances={**known.installation.instances, "consumer": 1000})
    assert share(replace(known, installation=more), "instances of run_agent") == pytest.approx(fullest.share / 100)
    assert share(usage(tenants=1), "one tenant's channel") == pytest.approx(
        10 * share(usage(tenants=10), "one tenant's channel")
    )


def test_a_slow_model_keeps_instances_busy():
    assert share(usage(responder_seconds=6), "instances of run_agent") > 1.8 * share(
        usage(responder_seconds=3), "instances of run_agent"
    )


def test_a_call_bills_a_tenth_of_a_second_and_company_is_free():
    told: dict[str, Any] = {"name": "f", "kind": "task", "in_database": 0.01, "vcpu": 1.0, "gib": 0.5, "warm": False}
    alone = Load(rate=0.001, wall=0.01, processor=0.005, concurrency=8, **told)
    assert alone.billed == pytest.approx(0.001 * 0.1, rel=0.01)
    crowd = Load(rate=100, wall=0.01, processor=0.0, concurrency=8, **told)
    assert crowd.billed == pytest.approx(1.0, rel=0.01)
    busy = Load(rate=1000, wall=0.01, processor=0.005, concurrency=8, **told)
    assert busy.billed == pytest.approx(1000 * 0.005 / 0.7)


def test_schedules_run_by_the_clock():
    assert runs_a_day("* * * * *") == 1440
    assert runs_a_day("43 * * * *") == 24
    assert runs_a_day("17 3 * * *") == 1


def test_prices_begin_behind_what_is_free_and_differ_by_place():
    listed = replace(
        IOWA,
        by_name={
            "a": Price(nanodollars=7, free=10, regional=True),
            "b": Price(nanodollars=7, free=0, regional=False),
        },
    )
    dear = replace(listed, dearer=(3, 2))
    assert (listed.cost("a", 9), listed.cost("a", 13), dear.cost("a", 13), dear.cost("b", 2)) == (0, 21, 31, 14)
    assert total(replace(usage(), prices=Prices.load("southamerica-east1"))) > total(usage())
    with pytest.raises(LookupError, match="us-central1"):
        Prices.load("mars-north1")


def test_the_list_is_dated_and_asks_to_be_checked():
    assert IOWA.as_of.startswith("2026-")
    assert "cloud.google.com" in IOWA.source
    assert "Check" in IOWA.caution
