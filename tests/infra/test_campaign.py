import json
from argparse import ArgumentParser
from types import SimpleNamespace

import pytest

from infra import campaign
from infra.cli import parse


@pytest.fixture
def calm(monkeypatch):
    """A campaign that passes, and sees one of the two faults it can plant."""
    made = SimpleNamespace(
        __doc__="Whether it is calm.\nMore of it.",
        run=lambda long: {"waves": 100 if long else 1, "bar": "no storm", "passed": True},
        FAULTS={"storm": lambda: {"waves": 9, "passed": False}, "breeze": lambda: {"waves": 2, "passed": True}},
    )
    monkeypatch.setattr(campaign, "names", lambda: ["calm"])
    monkeypatch.setattr(campaign, "load", lambda _name: made)
    return made


def run(*argv):
    parser = ArgumentParser()
    campaign.add_arguments(parser)
    return campaign.run(parse(parser, argv))


def line(capsys):
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return json.loads(printed)


@pytest.mark.parametrize(
    ("option", "form", "waves"), [((), "long", 100), (("--long",), "long", 100), (("--quick",), "quick", 1)]
)
def test_it_prints_one_line_and_succeeds(calm, capsys, option, form, waves):
    assert run("calm", *option) == 0
    printed = line(capsys)
    assert printed.pop("seconds") >= 0
    assert printed == {"campaign": "calm", "form": form, "waves": waves, "bar": "no storm", "passed": True}


def test_it_fails_when_the_bar_is_missed(calm, capsys):
    calm.run = lambda long: {"passed": False, "long": long}
    assert run("calm") == 1
    assert line(capsys)["passed"] is False


def test_a_planted_fault_must_be_seen(calm, capsys):
    assert run("calm", "--fault", "storm") == 0
    assert line(capsys)["fault"] == "storm"
    assert run("calm", "--fault", "breeze") == 1


def test_what_is_not_there_is_named(calm, capsys):
    assert run("rough") == 2
    assert "there are: calm" in capsys.readouterr().err
    assert run("calm", "--fault", "flood") == 2
    assert "calm can plant: storm, breeze" in capsys.readouterr().err


def test_the_list_says_what_each_puts_to_the_test(calm, capsys):
    assert run("--list") == 0
    assert capsys.readouterr().out == "calm: Whether it is calm.\n  --fault storm\n  --fault breeze\n"


@pytest.mark.parametrize("name", campaign.names())
def test_every_campaign_keeps_the_contract(name):
    module = campaign.load(name)
    assert (module.__doc__ or "").strip()
    assert callable(module.run)
    assert module.FAULTS
    assert all(map(callable, module.FAULTS.values()))
    assert (campaign.FOLDER / f"test_{name}.py").exists()
