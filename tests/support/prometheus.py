"""Reads Prometheus' text format, version 0.0.4, and refuses whatever is not exactly that."""

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HELP = re.compile(rf"# HELP ({_NAME}) ((?:[^\\\n]|\\\\|\\n)*)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge|histogram|summary|untyped)")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (-?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|Inf)|NaN)", re.DOTALL)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')
_UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@dataclass
class Metric:
    type: str
    meaning: str
    samples: dict[frozenset[tuple[str, str]], float] = field(default_factory=dict)

    def of(self, **labels: str) -> float | None:
        return self.samples.get(frozenset(labels.items()))


def parse(page: str) -> dict[str, Metric]:
    """The metrics of a page by name. ValueError: it is not in the format."""
    if page and not page.endswith("\n"):
        raise ValueError("the last line has no end")
    metrics: dict[str, Metric] = {}
    lines = page.split("\n")[:-1]
    meanings: dict[str, str] = {}
    for line in lines:
        if told := _HELP.fullmatch(line):
            if told[1] in meanings:
                raise ValueError(f"{told[1]} is explained twice")
            meanings[told[1]] = told[2]
        elif told := _TYPE.fullmatch(line):
            if told[1] in metrics:
                raise ValueError(f"{told[1]} has two types, or its lines are torn apart")
            metrics[told[1]] = Metric(told[2], meanings.get(told[1], ""))
        elif told := _SAMPLE.fullmatch(line):
            _take(metrics, *told.groups())
        else:
            raise ValueError(f"this is no line of the format: {line}")
    return metrics


def _take(metrics: dict[str, Metric], name: str, labels: str | None, value: str) -> None:
    if name != next(reversed(metrics), None):
        raise ValueError(f"{name} stands apart from its type")
    key = frozenset(_labels(labels or ""))
    if key in metrics[name].samples:
        raise ValueError(f"{name} has two samples with the same labels")
    metrics[name].samples[key] = float(value)


def _labels(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        label = _LABEL.match(text, at)
        if label is None:
            raise ValueError(f"these are no labels: {text}")
        found.append((label[1], re.sub(r'\\[\\n"]', lambda escape: _UNESCAPED[escape[0]], label[2])))
        at = label.end()
    return found
