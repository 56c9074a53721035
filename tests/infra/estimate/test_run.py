import json
import re

import pytest

from infra import cli
from infra.environment import ROOT
from infra.estimate.prices import Prices
from infra.estimate.run import REGION, dollars, readme

ROW = re.compile(r"\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| .+ \| (.+): .+ of what there is \| .+ \|")


def rows(lines):
    found = (ROW.fullmatch(line) for line in lines)
    return [(each[1], each[2], int(each[3].replace(",", "")), each[4]) for each in found if each]


def test_the_readme_says_what_the_estimate_says():
    ours = rows((ROOT / "README.md").read_text().splitlines())
    fresh = rows(readme(Prices.load(REGION)))
    assert len(fresh) == 3
    assert [(messages, tenants, part) for messages, tenants, _, part in ours] == [
        (messages, tenants, part) for messages, tenants, _, part in fresh
    ], "write the README's table anew: python3 -m infra estimate --readme"
    for (*_, told, _), (*_, now, _) in zip(ours, fresh, strict=True):
        assert told == pytest.approx(now, rel=0.25)


def test_it_shows_a_month_and_what_gives_way_first(capsys):
    assert cli.main(["estimate", "--messages-per-day", "100000", "--tenants", "50"]) == 0
    told = capsys.readouterr().out
    assert "100,000 messages a day of 50 tenants" in told
    assert "In the busiest minute" in told
    assert "held against" in told


def test_a_program_gets_one_document(capsys):
    assert cli.main(["estimate", "--messages-per-day", "1000", "--json", "--region", "us-central1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["total_nanodollars"] == sum(line["cost"] for line in told["lines"])
    assert told["region"] == "us-central1"
    assert told["parts"] == sorted(told["parts"], key=lambda part: -part["share"])


def test_it_says_what_it_needs(capsys):
    assert cli.main(["estimate"]) == 2
    assert "--messages-per-day" in capsys.readouterr().err
    assert cli.main(["estimate", "--messages-per-day", "1", "--region", "mars-north1"]) == 2
    assert "us-central1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("nanodollars", "text"), [(0, "0.00"), (4_999_999, "0.00"), (5_000_000, "0.01"), (1_234_567_890_123, "1,234.57")]
)
def test_dollars_are_rounded_by_whole_numbers(nanodollars, text):
    assert dollars(nanodollars) == text
