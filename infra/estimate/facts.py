"""What messages make of the house, as it was measured: see tests/infra/estimate/measured.py."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

FILE = Path(__file__).with_name("facts.json")


@dataclass(frozen=True, kw_only=True)
class Volume:
    """How many, and their bytes together."""

    count: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Sums over so many `messages`, in both directions; milliseconds are medians of one call.

    `events` are by topic, `tasks` by queue, `tables` in bytes with their indexes, `answer_bytes` by function.
    `database_ms` is processor time of Postgres, None where it could not be measured.
    """

    measured: str
    messages: int
    calls: Mapping[str, int]
    wall_ms: Mapping[str, float]
    processor_ms: Mapping[str, float]
    answer_bytes: Mapping[str, int]
    events: Mapping[str, Volume]
    tasks: Mapping[str, Volume]
    tables: Mapping[str, int]
    log_bytes: int
    span_bytes: int
    sql_bytes: int
    database_ms: float | None

    @classmethod
    def load(cls, file: Path = FILE) -> Self:
        told = json.loads(file.read_text())
        for name in ("events", "tasks"):
            told[name] = {each: Volume(**volume) for each, volume in told[name].items()}
        return cls(**told)

    def write(self, file: Path = FILE) -> None:
        file.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")

    def per_message(self, sum_over_all: int) -> Fraction:
        return Fraction(sum_over_all, self.messages)
