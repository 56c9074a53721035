"""Figures as Prometheus reads them: its text format, version 0.0.4."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


@dataclass(frozen=True)
class Sample:
    """One figure; its labels tell it from others of its name."""

    value: int | float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gauge:
    """Figures of one name, as they are now. `meaning` says in which unit, over which time."""

    name: str
    meaning: str
    samples: tuple[Sample, ...]


def exposition(gauges: Iterable[Gauge]) -> str:
    """The page that Prometheus scrapes; a gauge without samples is left out."""
    return "".join(line for gauge in gauges if gauge.samples for line in _lines(gauge))


def _lines(gauge: Gauge) -> Iterable[str]:
    meaning = gauge.meaning.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {gauge.name} {meaning}\n"
    yield f"# TYPE {gauge.name} gauge\n"
    for sample in gauge.samples:
        yield f"{gauge.name}{_labels(sample.labels)} {sample.value!r}\n"


def _labels(labels: Mapping[str, str]) -> str:
    written = ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels.items())
    return f"{{{written}}}" if written else ""
