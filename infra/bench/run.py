"""`infra bench`: measure cold starts, reads, ingest, the relay and memory, side by side with other servers.

The peers and what is done with them are in tests/benchmarks/. Nothing here is a test: figures depend on the machine,
their ratios much less so.
"""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console

from infra.bench.figures import Figure
from infra.bench.picture import draw
from infra.bench.report import document, table

WORKS = ("cold", "reads", "ingest", "relay", "writers", "memory")
ROUNDS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write a bar chart (SVG) there")
    parser.add_argument("--only", action="append", choices=WORKS, help="measure this work only; repeatable")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each is measured ({ROUNDS})")


def run(arguments: argparse.Namespace) -> int:
    console = Console(stderr=True, quiet=arguments.json, highlight=False)
    figures = measure(arguments.only or WORKS, arguments.rounds, console)
    if arguments.json:
        print(json.dumps(document(figures, arguments.rounds), ensure_ascii=False))
    else:
        Console(width=140).print(table(figures))
    if arguments.out:
        arguments.out.write_text(draw(figures, "What was measured, against its aims"))
        sys.stderr.write(f"The picture is in {arguments.out}.\n")
    return 0


def measure(works: tuple[str, ...] | list[str], rounds: int, console: Console) -> list[Figure]:
    """Measure the named works, one after the other, in a house of their own that is gone afterwards."""
    figures: list[Figure] = []
    with import_module("tests.benchmarks.stage").staged() as stage:
        for work in works:
            console.print(f"Measuring: {work} …", style="dim")
            figures += import_module(f"tests.benchmarks.{work}").figures(stage, rounds)
    return figures
