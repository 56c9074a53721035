from dataclasses import replace

import pytest

from infra.demo import report
from infra.demo.past import PICTURE, UNTOLD, Found, check_past
from infra.fakes.waha_events import Said
from infra.fakes.waha_history import Kept


def row(name, at=100, **more):
    return {"id": f"id {name}", "external_id": name, "at": at, "status": "received", **more}


@pytest.fixture
def found():
    """A past of two messages, and one that was here before."""
    beside = [{"bursts": 1, "contacts": 2}]
    rows = [row("A"), row("B", 200), row("LIVE", 300)]
    return Found(
        remembered=[Kept(said=Said(message_id=name, timestamp=at), ack=2) for name, at in (("A", 100), ("B", 200))],
        before=rows[2:],
        after=rows,
        again=[dict(each) for each in rows],
        beside=(beside, beside),
        sent=(4, 4),
        status={"chats": 1, "added": 2, "known": 1},
        completeness={"expected": 10, "present": 10 - UNTOLD, "recovered": UNTOLD, "unknown": 0, "days": [{}, {}]},
        seconds=1.5,
        picture=PICTURE,
    )


def problems(found):
    return [check.told for check in check_past(found) if not check.holds]


def test_all_is_well(found):
    assert problems(found) == []
    assert len(check_past(found)) == 4


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        ({"after": [row("A"), row("LIVE", 300)], "again": [row("A"), row("LIVE", 300)]}, "message B is missing"),
        ({"sent": (4, 5)}, "1 messages were sent"),
        ({"again": [row("A"), row("B", 200)]}, "there are 2 messages, and were 3"),
        ({"again": [row("A"), row("B", 200, status="read"), row("LIVE", 300)]}, "message B has changed"),
        ({"beside": ([{"bursts": 1}], [{"bursts": 2}])}, "there are [{'bursts': 2}], and were [{'bursts': 1}]"),
    ],
)
def test_what_is_wrong_is_seen(found, spoiled, told):
    assert problems(replace(found, **spoiled)) == [told]


def test_one_that_stands_twice_or_at_another_time_is_seen(found):
    doubled = [*found.after, row("A", 101) | {"id": "another"}]
    told = "message A is here twice; message A stands at another time"
    assert problems(replace(found, after=doubled, again=doubled)) == [told]


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"recovered": UNTOLD - 1, "present": 10 - UNTOLD + 1}, f"{UNTOLD - 1} were recovered of {UNTOLD}"),
        ({"present": 1}, "of 10 expected 1 are present, and 0 unknown"),
        ({"unknown": 1}, f"of 10 expected {10 - UNTOLD} are present, and 1 unknown"),
    ],
)
def test_a_gap_is_seen(found, known, told):
    assert problems(replace(found, completeness={**found.completeness, **known})) == [told]


def test_it_is_told_in_numbers(found):
    told = report.past(found)
    assert "2 messages[/] of 1 chats in 1.5 s (1 were here already)" in told
    assert f"10 messages expected = {10 - UNTOLD} present + [bold]{UNTOLD} recovered" in told
