"""Cron expressions of five fields: `*`, `*/n`, `a`, `a-b`, `a-b/n` and lists of them, in UTC."""

import re
from dataclasses import dataclass
from datetime import datetime

_RANGES = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_PART = re.compile(r"(?:\*|(?P<first>\d+)(?:-(?P<last>\d+))?)(?:/(?P<step>[1-9]\d*))?", re.ASCII)


@dataclass(frozen=True)
class Cron:
    """The moments of an expression; when both day and weekday are restricted, either is enough, as in cron."""

    fields: tuple[frozenset[int], ...]
    either_day: bool

    @classmethod
    def parse(cls, expression: str) -> "Cron":
        """ValueError says what is wrong."""
        texts = expression.split()
        if len(texts) != len(_RANGES):
            raise ValueError(f"a cron expression has five fields: {expression!r}")
        fields = tuple(_field(text, *bounds) for text, bounds in zip(texts, _RANGES, strict=True))
        return cls(fields, either_day="*" not in (texts[2][0], texts[4][0]))

    def includes(self, moment: datetime) -> bool:
        minutes, hours, days, months, weekdays = self.fields
        weekday = moment.isoweekday() % 7
        day_of_month, day_of_week = moment.day in days, weekday in weekdays or (weekday == 0 and 7 in weekdays)  # noqa: PLR2004 - Sunday
        on_day = (day_of_month or day_of_week) if self.either_day else (day_of_month and day_of_week)
        return moment.minute in minutes and moment.hour in hours and moment.month in months and on_day


def _field(text: str, name: str, lowest: int, highest: int) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not a {name} that is understood")
        values.update(_values(match, lowest, highest))
    if not values or min(values) < lowest or max(values) > highest:
        raise ValueError(f"a {name} is between {lowest} and {highest}: {text!r}")
    return frozenset(values)


def _values(match: re.Match[str], lowest: int, highest: int) -> range:
    first, last, step = match["first"], match["last"], match["step"]
    start = int(first or lowest)
    end = int(last) if last else start if first and not step else highest
    return range(start, end + 1, int(step or 1))
