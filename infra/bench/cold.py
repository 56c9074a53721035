"""The cold start of every bundle: what was measured of each, as a table, a summary and a document."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.table import Table

from infra.bench.figures import Aim, at_most
from infra.bench.report import SIGNS

TOKEN, KEY, NOTHING = "signed token", "API key", ""
READ_AIMS = {TOKEN: at_most(2.0), KEY: at_most(1.6)}
WRITE_AIM = at_most(3.0)
HEAVIEST = 5
LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)")


@dataclass(frozen=True, kw_only=True)
class ColdStart:
    """One bundle, asked in one way, from the start of its process to its first answer.

    `ratio` is to the bare framework beside it, the median of all rounds; `imports` are milliseconds by library that the
    bare framework does not spend.
    """

    name: str
    kind: str
    reads: bool
    shows: str
    milliseconds: float
    ratio: float
    imports: dict[str, float]

    @property
    def label(self) -> str:
        return f"{self.name}, {self.shows}" if self.shows else self.name

    @property
    def aim(self) -> Aim | None:
        """Reads by who asks, everything else as a write; nothing was set for who reads without being known."""
        return READ_AIMS.get(self.shows) if self.reads else WRITE_AIM

    @property
    def met(self) -> bool | None:
        return None if self.aim is None else self.aim.met_by(self.ratio)

    @property
    def importing(self) -> float:
        return sum(self.imports.values())

    @property
    def heaviest(self) -> list[tuple[str, float]]:
        return sorted(self.imports.items(), key=lambda each: -each[1])[:HEAVIEST]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "shows": self.shows,
            "milliseconds": round(self.milliseconds, 1),
            "ratio": round(self.ratio, 3),
            "aim": str(self.aim) if self.aim else None,
            "met": self.met,
            "import_milliseconds": round(self.importing, 1),
            "heaviest": {library: round(spent, 1) for library, spent in self.heaviest},
        }


def own_times(log: str) -> Counter[str]:
    """Microseconds by module, as Python tells them under PYTHONPROFILEIMPORTTIME, those it imports not counted."""
    found: Counter[str] = Counter()
    for spent, module in LINE.findall(log):
        found[module] += int(spent)
    return found


def by_library(ours: Counter[str], bare: Iterable[str]) -> dict[str, float]:
    """Milliseconds by library, of those modules that the bare framework does not import."""
    known, found = set(bare), Counter[str]()
    for module, spent in ours.items():
        if module not in known:
            found[library(module)] += spent
    return {name: spent / 1000 for name, spent in found.items()}


def library(module: str) -> str:
    """The name under which a library is known: Google's begin with two words."""
    words = module.split(".")
    return ".".join(words[:3] if words[:2] == ["google", "cloud"] else words[:2] if words[0] == "google" else words[:1])


def table(starts: Sequence[ColdStart]) -> Table:
    made = Table(title="Cold starts of all bundles, to the bare framework's")
    for name in ("bundle", "ms", "ratio", "aim", "", "imports ms", "heaviest"):
        made.add_column(name, justify="right" if name in {"ms", "ratio", "aim", "imports ms"} else "left")
    for each in sorted(starts, key=lambda start: (start.kind, -start.ratio)):
        heaviest = ", ".join(f"{library} {spent:.0f}" for library, spent in each.heaviest)
        aim = str(each.aim) if each.aim else "reported"
        figures = (f"{each.milliseconds:.0f}", f"{each.ratio:.2f}", aim, SIGNS[each.met], f"{each.importing:.0f}")
        made.add_row(each.label, *figures, heaviest)
    return made


def summary(starts: Sequence[ColdStart]) -> list[str]:
    """A line for each aim: how many keep it, and what the middle and the slowest of them are."""
    reads = {f"GET, {shows}": [each for each in starts if each.reads and each.shows == shows] for shows in READ_AIMS}
    groups = {**reads, "everything else": [each for each in starts if not each.reads]}
    return [_summed_up(what, chosen) for what, chosen in groups.items() if chosen]


def _summed_up(what: str, starts: Sequence[ColdStart]) -> str:
    slowest = max(starts, key=lambda each: each.ratio)
    kept = sum(bool(each.met) for each in starts)
    middle = median(each.ratio for each in starts)
    return (
        f"{what}: {kept} of {len(starts)} keep {starts[0].aim}; "
        f"median {middle:.2f}, slowest {slowest.ratio:.2f} ({slowest.name})"
    )
