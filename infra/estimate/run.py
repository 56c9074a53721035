"""`infra estimate`: what a month of so much traffic takes and costs, and what gives way first."""

import argparse
import json
import sys
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from infra import manifest
from infra.estimate.facts import Facts
from infra.estimate.installation import Installation
from infra.estimate.limits import Part, parts
from infra.estimate.prices import Prices
from infra.estimate.traffic import Traffic
from infra.estimate.usage import Usage

REGION = "southamerica-east1"
NANO = 1_000_000_000
SIZES = ((1_000, 1), (100_000, 50), (10_000_000, 2_000))  # messages a day, tenants
MOST_PARTS = 5
TENTHS_BELOW = 0.01


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--messages-per-day", type=int, metavar="N", help="in both directions")
    parser.add_argument("--tenants", type=int, default=1, metavar="T", help="who share them evenly (1)")
    parser.add_argument("--region", default=REGION, help=f"whose prices ({REGION})")
    parser.add_argument("--responder-seconds", type=float, default=3.0, help="how long a model thinks (3)")
    parser.add_argument("--waha-seconds", type=float, default=1.0, help="how long a customer's WAHA takes (1)")
    parser.add_argument("--peak", type=float, default=4.0, help="the busiest minute against the day's mean (4)")
    parser.add_argument("--months", type=int, default=12, help="how old the installation is, for its disk (12)")
    parser.add_argument("--trace-one-in", type=int, default=1, help="of so many traces one is kept (1)")
    parser.add_argument("--json", action="store_true", help="print one document")
    parser.add_argument("--readme", action="store_true", help="print the README's table of three sizes")


def run(arguments: argparse.Namespace) -> int:
    try:
        prices = Prices.load(arguments.region)
    except LookupError as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 2
    if arguments.readme:
        print("\n".join(readme(prices)))
        return 0
    if not arguments.messages_per_day or arguments.messages_per_day < 1 or arguments.tenants < 1:
        sys.stderr.write("Say how much with --messages-per-day, and who shares it with --tenants.\n")
        return 2
    usage = usage_of(_traffic(arguments), prices)
    print(json.dumps(document(usage))) if arguments.json else show(usage, Console(highlight=False))
    return 0


def _traffic(arguments: argparse.Namespace) -> Traffic:
    return Traffic(
        messages=arguments.messages_per_day,
        tenants=arguments.tenants,
        responder_seconds=arguments.responder_seconds,
        waha_seconds=arguments.waha_seconds,
        peak=arguments.peak,
        months=arguments.months,
        trace_one_in=max(1, arguments.trace_one_in),
    )


def usage_of(traffic: Traffic, prices: Prices) -> Usage:
    """The installation as the committed manifest and the measured facts have it."""
    return Usage(
        manifest=manifest.committed(),
        facts=Facts.load(),
        traffic=traffic,
        installation=Installation(),
        prices=prices,
    )


def total(usage: Usage) -> int:
    return sum(line.cost for line in usage.lines())


def dollars(nanodollars: int) -> str:
    """Whole dollars and cents, by whole numbers alone."""
    cents = (nanodollars + NANO // 200) // (NANO // 100)
    return f"{cents // 100:,}.{cents % 100:02}"


def document(usage: Usage) -> dict[str, object]:
    """All of it for a program; costs in billionths of a dollar."""
    return {
        "traffic": asdict(usage.traffic),
        "region": usage.prices.region,
        "prices_as_of": usage.prices.as_of,
        "measured": usage.facts.measured,
        "lines": [asdict(line) for line in usage.lines()],
        "total_nanodollars": total(usage),
        "parts": [asdict(part) for part in parts(usage)],
    }


def show(usage: Usage, console: Console) -> None:
    traffic = usage.traffic
    table = Table(title=f"{traffic.messages:,} messages a day of {traffic.tenants:,} tenants, a month of 30 days")
    for name in ("", "quantity", "unit", "US$"):
        table.add_column(name, justify="left" if name in {"", "unit"} else "right")
    for line in usage.lines():
        table.add_row(line.name, f"{line.quantity:,}", line.unit, dollars(line.cost))
    table.add_row("together", "", "", dollars(total(usage)), style="bold")
    console.print(table)
    console.print("\nIn the busiest minute:")
    for part in parts(usage)[:MOST_PARTS]:
        console.print(f"  {_percent(part):>7}  {part.name}; {part.knob}")
    console.print(f"\nPrices of {usage.prices.as_of}, {usage.prices.region}. {usage.prices.caution}", style="dim")
    console.print(f"Facts of {usage.facts.measured}. A model's tokens and Upstash are not in it.", style="dim")


def readme(prices: Prices) -> list[str]:
    """The README's table, line by line."""
    rows = [
        "| messages a day | tenants | a month, US$ | most of it | gives way first, in the busiest minute | the knob |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for messages, tenants in SIZES:
        usage = usage_of(Traffic(messages=messages, tenants=tenants), prices)
        fullest = parts(usage)[0]
        cells = (f"{messages:,}", f"{tenants:,}", _round(total(usage)), _most(usage), _said(fullest), fullest.knob)
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _round(nanodollars: int) -> str:
    """Two figures that count: more are not known."""
    whole = nanodollars // NANO
    step = 10 ** max(0, len(str(whole)) - 2)
    return f"{(whole + step // 2) // step * step:,}"


def _most(usage: Usage) -> str:
    groups: dict[str, int] = {}
    for line in usage.lines():
        group = line.name.partition(",")[0]
        groups[group] = groups.get(group, 0) + line.cost
    first, second = sorted(groups, key=lambda name: -groups[name])[:2]
    return f"{first} {groups[first] * 100 // total(usage)} %, {second} {groups[second] * 100 // total(usage)} %"


def _said(part: Part) -> str:
    return f"{part.name}: {_percent(part)} of what there is"


def _percent(part: Part) -> str:
    return f"{part.share * 100:.{0 if part.share > TENTHS_BELOW else 1}f} %"
