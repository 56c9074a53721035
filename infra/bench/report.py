"""The figures for a person and for a program."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from infra.bench.figures import Figure

SIGNS = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}


def document(figures: Sequence[Figure], rounds: int) -> dict[str, Any]:
    return {"machine": machine(), "rounds": rounds, "figures": [figure.to_json() for figure in figures]}


def machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def processor() -> str:
    """The processor's own name where the system tells it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def table(figures: Sequence[Figure]) -> Table:
    made = Table(title="Ours against its peers, medians of interleaved runs")
    for name in ("work", "peer", "ours", "peer's", "ratio", "aim", ""):
        made.add_column(name, justify="left" if name in {"work", "peer", ""} else "right")
    for figure in figures:
        made.add_row(*_cells(figure))
    return made


def _cells(figure: Figure) -> tuple[str, ...]:
    theirs = "" if figure.theirs is None else f"{figure.theirs:.1f} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    aim = str(figure.aim) if figure.aim else "reported"
    return figure.work, figure.peer, f"{figure.ours:.1f} {figure.unit}", theirs, ratio, aim, SIGNS[figure.met]
