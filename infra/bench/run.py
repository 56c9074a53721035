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

from infra import logs
from infra.bench import cold
from infra.bench.cold_picture import draw as draw_cold
from infra.bench.figures import Figure
from infra.bench.picture import draw
from infra.bench.report import document, machine, table
from infra.environment import ROOT

WORKS = ("cold", "reads", "counted", "ingest", "history", "relay", "writers", "memory")
ROUNDS, FEWER_ROUNDS = 7, 3
PICTURE = ROOT / ".ventros" / "bench.svg"
COLD_PICTURE = ROOT / ".ventros" / "cold.svg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"what to measure, of {', '.join(WORKS)}; else all")
    parser.add_argument("--cold", action="store_true", help="measure cold starts alone")
    parser.add_argument("--all", action="store_true", help="with --cold: of every bundle; names then choose functions")
    parser.add_argument("--counted", action="store_true", help="with --all: calls are counted, as rate limits want it")
    parser.add_argument("--json", action="store_true", help="print one JSON document; the table goes to standard error")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"the bar chart (SVG; in {PICTURE.parent})")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured ({ROUNDS}, of all {FEWER_ROUNDS})")


def run(arguments: argparse.Namespace) -> int:
    logs.beside()
    if arguments.all:
        return run_bundles(arguments)
    if arguments.cold:
        arguments.works = ["cold"]
    if unknown := set(arguments.works) - set(WORKS):
        sys.stderr.write(f"There is no work {', '.join(sorted(unknown))}; choose of {', '.join(WORKS)}.\n")
        return 2
    console = Console(stderr=True, highlight=False)
    rounds = arguments.rounds or ROUNDS
    figures = measure(arguments.works or WORKS, rounds, console)
    if arguments.json:
        print(json.dumps(document(figures, rounds), ensure_ascii=False))
    Console(width=140, stderr=arguments.json).print(table(figures))
    keep(arguments.out or PICTURE, draw(figures, "What was measured, against its aims"))
    return 0


def run_bundles(arguments: argparse.Namespace) -> int:
    """The cold starts of all bundles, or of the functions that are named."""
    if not arguments.cold:
        sys.stderr.write("Only cold starts are measured of all bundles: --cold --all.\n")
        return 2
    rounds = arguments.rounds or FEWER_ROUNDS
    measured = import_module("tests.benchmarks.bundled")
    starts = measured.cold_starts(
        arguments.works, rounds, Console(stderr=True, highlight=False), counted=arguments.counted
    )
    if arguments.json:
        told = {"machine": machine(), "rounds": rounds, "starts": [each.to_json() for each in starts]}
        print(json.dumps(told, ensure_ascii=False))
    console = Console(width=160, stderr=arguments.json, highlight=False)
    console.print(cold.table(starts))
    console.print("\n".join(cold.summary(starts)))
    keep(arguments.out or COLD_PICTURE, draw_cold(starts, "Cold starts of all bundles, to the bare framework's"))
    return 0


def keep(place: Path, picture: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(picture)
    sys.stderr.write(f"The picture is in {place}.\n")


def measure(works: Sequence[str], rounds: int, console: Console) -> list[Figure]:
    """Measure the named works, one after the other, in a house of their own that is gone afterwards."""
    figures: list[Figure] = []
    with import_module("tests.benchmarks.stage").staged() as stage:
        for work in works:
            console.print(f"Measuring: {work} …", style="dim")
            figures += import_module(f"tests.benchmarks.{work}").figures(stage, rounds)
    return figures
