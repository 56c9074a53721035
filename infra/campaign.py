"""`infra campaign`: run one reliability campaign and print its figures as one JSON line.

A campaign is a module tests/campaigns/NAME.py with

- a docstring whose first line says what it puts to the test;
- `run(long: bool) -> dict`: the figures, `bar` (a sentence: what must hold) and `passed` (whether it held);
- `FAULTS: dict[str, Callable[[], dict]]`: each plants one fault, runs the short form and returns the same keys.
  A campaign that does not see a fault planted in it proves nothing, so there `passed` must be False.

It makes what it needs (tests/support/postgres.py `fresh`) and leaves nothing behind. tests/campaigns/test_NAME.py
runs the short form, under a minute, and every fault.
"""

import argparse
import json
import sys
import time
from importlib import import_module
from types import ModuleType
from typing import Any

from infra import logs
from infra.environment import ROOT

FOLDER = ROOT / "tests/campaigns"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="which campaign (see --list)")
    parser.add_argument("--list", action="store_true", help="say which campaigns and which of their faults there are")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--long", action="store_true", help="the long form (default)")
    form.add_argument("--quick", action="store_true", help="the short form, as the tests run it")
    form.add_argument("--fault", metavar="FAULT", help="plant this fault; success is that the campaign sees it")


def run(arguments: argparse.Namespace) -> int:
    if arguments.list:
        print("\n".join(map(shown, names())))
        return 0
    if arguments.name not in names():
        sys.stderr.write(f"Say which campaign; there are: {', '.join(names())}.\n")
        return 2
    campaign = load(arguments.name)
    if arguments.fault is None:
        return report({"campaign": arguments.name, "form": "quick" if arguments.quick else "long"}, campaign, arguments)
    if arguments.fault not in campaign.FAULTS:
        sys.stderr.write(f"{arguments.name} can plant: {', '.join(campaign.FAULTS)}.\n")
        return 2
    return report({"campaign": arguments.name, "fault": arguments.fault}, campaign, arguments)


def report(about: dict[str, Any], campaign: ModuleType, arguments: argparse.Namespace) -> int:
    """Run it, print the line, and return the exit code: a fault that was planted must have been seen."""
    began = time.monotonic()
    logs.beside()
    figures = campaign.FAULTS[arguments.fault]() if arguments.fault else campaign.run(long=not arguments.quick)
    print(json.dumps({**about, "seconds": round(time.monotonic() - began, 1), **figures}))
    return 0 if figures["passed"] == (arguments.fault is None) else 1


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("[a-z]*.py") if is_campaign(file.stem))


def is_campaign(stem: str) -> bool:
    """Whether a module of the folder is one, and no test nor help of theirs."""
    return not stem.startswith(("test_", "conftest")) and hasattr(load(stem), "FAULTS")


def load(name: str) -> ModuleType:
    return import_module(f"tests.campaigns.{name}")


def shown(name: str) -> str:
    campaign = load(name)
    about = (campaign.__doc__ or "").partition("\n")[0]
    return "\n".join((f"{name}: {about}", *(f"  --fault {fault}" for fault in campaign.FAULTS)))
