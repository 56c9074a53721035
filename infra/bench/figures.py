"""What a measurement is, and the little arithmetic of it: interleaved runs, medians, ratios, aims."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

Measure = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A bound for a figure: at most or at least `bound`."""

    bound: float
    at_most: bool

    def met_by(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table: what we measured, what of the peer, and what is asked of the two.

    Without a peer, the aim is for our own figure; without an aim it is only reported.
    """

    work: str
    peer: str
    unit: str
    ours: float
    theirs: float | None = None
    aim: Aim | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return None if not self.theirs else self.ours / self.theirs

    @property
    def judged(self) -> float:
        return self.ours if self.ratio is None else self.ratio

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None when there is none."""
        return None if self.aim is None else self.aim.met_by(self.judged)

    def to_json(self) -> dict[str, Any]:
        return {
            "work": self.work,
            "peer": self.peer,
            "unit": self.unit,
            "ours": round(self.ours, 2),
            "theirs": None if self.theirs is None else round(self.theirs, 2),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "aim": str(self.aim) if self.aim else None,
            "met": self.met,
        }


def at_most(bound: float) -> Aim:
    return Aim(bound=bound, at_most=True)


def at_least(bound: float) -> Aim:
    return Aim(bound=bound, at_most=False)


def interleaved(contestants: Mapping[str, Measure], rounds: int, *, discard: int = 0) -> dict[str, list[float]]:
    """Measure all contestants once per round, so that whatever else the machine does meets them all alike.

    The first `discard` rounds warm things up and are not kept. Every other round goes backwards.
    """
    kept: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(-discard, rounds):
        names = list(contestants)
        for name in reversed(names) if turn % 2 else names:
            value = contestants[name]()
            if turn >= 0:
                kept[name].append(value)
    return kept


def medians(runs: Mapping[str, list[float]]) -> dict[str, float]:
    return {name: median(values) for name, values in runs.items()}


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
