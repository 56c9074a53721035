"""Whether messages still make of the house what the estimate says; if not, measure anew."""

from dataclasses import replace
from fractions import Fraction

import pytest

from infra.estimate.facts import Facts, Volume
from tests.infra.estimate.measured import MESSAGES, measure

COUNTS, BYTES, TABLES = 0.02, 0.15, 0.6  # by how much it may differ; few rows fill many pages
CONVERSATIONS = 5


def differences(ours, found):
    """In what the facts are no longer true, in sentences; times are for whoever measures to judge."""
    told, seen = _figures(ours), _figures(found)
    return [
        f"{name}: {float(told.get(name, 0)):.2f} a message are told, {float(seen.get(name, 0)):.2f} were found"
        for name in sorted(told.keys() | seen.keys())
        if _differ(told.get(name, Fraction()), seen.get(name, Fraction()), _tolerance(name))
    ]


def _figures(facts):
    sums = {f"calls of {name}": count for name, count in facts.calls.items()}
    for kind, volumes in (("events", facts.events), ("tasks", facts.tasks)):
        sums |= {f"{kind} of {name}": volume.count for name, volume in volumes.items()}
        sums |= {f"bytes of {kind} of {name}": volume.bytes for name, volume in volumes.items()}
    sums |= {"bytes in tables": sum(facts.tables.values()), "bytes of log": facts.log_bytes}
    sums |= {"bytes of spans": facts.span_bytes, "bytes to the database": facts.sql_bytes}
    return {name: facts.per_message(total) for name, total in sums.items()}


def _tolerance(name):
    return TABLES if name == "bytes in tables" else BYTES if name.startswith("bytes") else COUNTS


def _differ(told, found, tolerance):
    return abs(told - found) > tolerance * max(told, found)


@pytest.fixture(scope="module")
def found():
    return measure(CONVERSATIONS)


@pytest.mark.timeout(600)
def test_the_facts_are_true(found):
    assert found.messages == CONVERSATIONS * MESSAGES
    assert differences(Facts.load(), found) == []


def test_a_planted_fault_is_seen(found):
    facts = Facts.load()
    calls = {**facts.calls, "run_agent": facts.calls["run_agent"] * 2, "fly_kite": 7}
    events = {**facts.events, "message": Volume(count=facts.events["message"].count, bytes=1)}
    told = differences(replace(facts, calls=calls, events=events, tables={}), found)
    assert [each.partition(":")[0] for each in told] == [
        "bytes in tables",
        "bytes of events of message",
        "calls of fly_kite",
        "calls of run_agent",
    ]


def test_what_was_written_down_is_read_again(found, tmp_path):
    found.write(tmp_path / "facts.json")
    assert Facts.load(tmp_path / "facts.json") == found
