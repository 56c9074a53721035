"""`infra bench`: measure cold starts, reads, ingest, the relay and memory, side by side with other servers.

The peers and what is done with them are in tests/benchmarks/. Nothing here is a test: figures depend on the machine,
their ratios much less so.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console

from infra.bench.figures import Figure
from infra.bench.picture import draw
from infra.bench.report import document, table
from infra.environment import ROOT

WORKS = ("cold", "reads", "ingest", "relay", "writers", "memory")
ROUNDS = 7
PICTURE = ROOT / ".ventros" / "bench.svg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"what to measure, of {', '.join(WORKS)}; else all")
    parser.add_argument("--json", action="store_true", help="print one JSON document; the table goes to standard error")
    parser.add_argument("--out", type=Path, metavar="FILE", default=PICTURE, help=f"the bar chart (SVG; {PICTURE})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each is measured ({ROUNDS})")


def run(arguments: argparse.Namespace) -> int:
    if unknown := set(arguments.works) - set(WORKS):
        sys.stderr.write(f"There is no work {', '.join(sorted(unknown))}; choose of {', '.join(WORKS)}.\n")
        return 2
    console = Console(stderr=True, highlight=False)
    figures = measure(arguments.works or WORKS, arguments.rounds, console)
    if arguments.json:
        print(json.dumps(document(figures, arguments.rounds), ensure_ascii=False))
    Console(width=140, stderr=arguments.json).print(table(figures))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(draw(figures, "What was measured, against its aims"))
    sys.stderr.write(f"The picture is in {arguments.out}.\n")
    return 0


def measure(works: Sequence[str], rounds: int, console: Console) -> list[Figure]:
    """Measure the named works, one after the other, in a house of their own that is gone afterwards."""
    figures: list[Figure] = []
    with import_module("tests.benchmarks.stage").staged() as stage:
        for work in works:
            console.print(f"Measuring: {work} …", style="dim")
            figures += import_module(f"tests.benchmarks.{work}").figures(stage, rounds)
    return figures
