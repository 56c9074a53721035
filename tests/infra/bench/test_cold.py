import argparse
import xml.etree.ElementTree as ET
from io import StringIO

import pytest
from rich.console import Console

from infra.bench import cold, run
from infra.bench.cold import KEY, NOTHING, TOKEN, ColdStart
from infra.bench.cold_picture import draw
from infra.bench.picture import BAD, GOOD

LOG = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   flask
import time:      2500 |       5000 |     sqlalchemy.orm
{"message": "import time"}
import time:       500 |       5000 | sqlalchemy
import time:       500 |        500 | google.cloud.tasks_v2.types
import time:       250 |        500 | google.auth.transport
[2026-11-29] import time:       750 |        750 | shared.runtime.http
"""


def started(name="get_contact", ratio=1.5, **other):
    given = {"kind": "endpoint", "reads": True, "shows": TOKEN, "imports": {"sqlalchemy": 20.0, "shared": 4.0}}
    return ColdStart(**{**given, "name": name, "ratio": ratio, "milliseconds": ratio * 100, **other})


@pytest.mark.parametrize(
    ("other", "aim"),
    [
        ({}, 2.0),
        ({"shows": KEY}, 1.6),
        ({"reads": False}, 3.0),
        ({"reads": False, "shows": NOTHING, "kind": "task"}, 3.0),
    ],
)
def test_a_bundle_has_the_aim_of_what_it_does_and_of_who_asks(other, aim):
    assert started(ratio=aim, **other).met is True
    assert started(ratio=aim + 0.01, **other).met is False


def test_who_reads_without_being_known_is_only_reported():
    assert started(ratio=9.0, shows=NOTHING).met is None


def test_what_python_says_of_imports_is_read_by_module():
    assert cold.own_times(LOG) == {
        "flask": 100,
        "sqlalchemy.orm": 2500,
        "sqlalchemy": 500,
        "google.cloud.tasks_v2.types": 500,
        "google.auth.transport": 250,
        "shared.runtime.http": 750,
    }


def test_imports_are_added_up_by_library_without_those_of_the_bare_framework():
    assert cold.by_library(cold.own_times(LOG), ["flask"]) == {
        "sqlalchemy": 3.0,
        "google.cloud.tasks_v2": 0.5,
        "google.auth": 0.25,
        "shared": 0.75,
    }


def test_only_the_five_heaviest_are_named():
    many = started(imports={f"library{number}": float(number) for number in range(9)})
    assert [name for name, _ in many.heaviest] == [f"library{number}" for number in (8, 7, 6, 5, 4)]
    assert many.importing == sum(range(9))


def test_the_table_says_of_each_what_it_is_and_what_it_spends():
    console = Console(width=160, record=True, file=StringIO())
    console.print(cold.table([started(), started("create_contact", 4.2, reads=False)]))
    text = console.export_text()
    assert "get_contact, signed token" in text
    assert "sqlalchemy 20, shared 4" in text
    assert "reached" in text
    assert "missed" in text


def test_the_summary_has_a_line_for_each_aim():
    starts = [
        started(),
        started("get_chat", 2.4),
        started(shows=KEY, ratio=1.2),
        started("send_message", 3.5, reads=False, shows=NOTHING),
    ]
    assert cold.summary(starts) == [
        "GET, signed token: 1 of 2 keep ≤ 2; median 1.95, slowest 2.40 (get_chat)",
        "GET, API key: 1 of 1 keep ≤ 1.6; median 1.20, slowest 1.20 (get_contact)",
        "everything else: 0 of 1 keep ≤ 3; median 3.50, slowest 3.50 (send_message)",
    ]


def test_the_picture_has_a_bar_for_each_the_slowest_first():
    picture = draw([started("<quick>", 1.2), started("slow", 4.0)], "Cold & all")
    root = ET.fromstring(picture)  # noqa: S314 - our own
    bars = [each for each in root.iter() if each.tag.endswith("rect")][1:]
    texts = ["".join(each.itertext()) for each in root.iter() if each.tag.endswith("text")]
    assert [bar.get("fill") for bar in bars] == [BAD, GOOD]
    assert [float(bar.get("width", 0)) for bar in bars] == sorted(float(bar.get("width", 0)) for bar in bars)[::-1]
    assert texts.index("slow, signed token") < texts.index("<quick>, signed token")
    assert {"1.6", "2", "3"} <= set(texts)


def ask(**asked):
    given = {"works": [], "cold": False, "all": False, "counted": False, "json": False, "out": None, "rounds": None}
    return run.run(argparse.Namespace(**{**given, **asked}))


def test_all_bundles_are_only_measured_cold(capsys):
    assert ask(all=True) == 2
    assert "--cold --all" in capsys.readouterr().err


def test_what_was_measured_is_printed_and_drawn(monkeypatch, tmp_path, capsys):
    asked = []

    class Measured:
        @staticmethod
        def cold_starts(names, rounds, console, *, counted):
            asked.append((names, rounds, counted))
            return [started()]

    monkeypatch.setattr(run, "import_module", lambda name: Measured)
    picture = tmp_path / "kept/cold.svg"
    assert ask(cold=True, all=True, works=["get_contact"], out=picture, json=True) == 0
    assert asked == [(["get_contact"], run.FEWER_ROUNDS, False)]
    assert '"ratio": 1.5' in capsys.readouterr().out
    assert "get_contact" in picture.read_text()
