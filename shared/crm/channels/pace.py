"""How fast a number may send, so that WhatsApp does not take it for a machine; and whose turn it is when."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

FIRST_SHARE = 10  # percent of the full pace on a new number's first day
LATE = timedelta(seconds=30)  # a turn that was missed by more is taken anew


class Brake(StrEnum):
    """What makes a message wait."""

    RATE = "rate"
    NEW_CHATS = "new_chats"
    QUIET_HOURS = "quiet_hours"
    REACHOUT_TIMELOCK = "reachout_timelock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """`burst` messages go at once, then `per_minute`; in quiet hours, by the project's clock ("22:00"), none.

    A new number begins with a tenth of all this, and of the chats that it may begin in a day, and comes up to the
    whole within `warm_up_days`.
    """

    per_minute: int = 60
    burst: int = 60
    new_chats_per_day: int | None = None
    warm_up_days: int = 0
    quiet_from: str | None = None
    quiet_until: str | None = None

    def share(self, since: datetime, now: datetime) -> int:
        """How much of the full pace a number may use that is in use since then; in percent."""
        if not self.warm_up_days:
            return 100
        age = (now - since) / timedelta(days=self.warm_up_days)
        return min(100, int(FIRST_SHARE + (100 - FIRST_SHARE) * max(age, 0)))

    def interval(self, share: int) -> timedelta:
        """The time between two messages at an even pace; rounded up, or parts of it would add up to one too many."""
        return -(timedelta(minutes=100) // -(self.per_minute * share))

    def lead(self, share: int) -> timedelta:
        """How far ahead of an even pace a burst may run."""
        return self.interval(share) * (max(self.burst * share // 100, 1) - 1)

    def chats(self, share: int) -> int | None:
        """How many chats may be begun in a day; None: as many as one likes."""
        return None if self.new_chats_per_day is None else max(self.new_chats_per_day * share // 100, 1)

    def quiet_end(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours end, if it is quiet now."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        begin, end, here = (
            time.fromisoformat(self.quiet_from),
            time.fromisoformat(self.quiet_until),
            now.astimezone(zone),
        )
        over_midnight = begin > end
        is_quiet = (here.time() >= begin or here.time() < end) if over_midnight else begin <= here.time() < end
        if not is_quiet:
            return None
        is_tomorrow = over_midnight and here.time() >= begin
        return _at(here.date() + timedelta(days=is_tomorrow), end, zone)


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """How far a number's pace is used up: when the next one would go at an even pace, and which chats were begun."""

    next_at: datetime
    opened_on: date
    opened: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """A message does not go before `until`. `has_turn`: then it is its turn, and counted already."""

    until: datetime
    brake: Brake
    has_turn: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Whose turn is asked for: one that begins a chat, or one that had a turn already."""

    opens: bool
    had_turn_at: datetime | None

    def begins_on(self, day: date, zone: ZoneInfo) -> bool:
        """Whether it counts among the chats that are begun on that day, and did not when it had its turn."""
        counted = self.had_turn_at is not None and self.had_turn_at.astimezone(zone).date() == day
        return self.opens and not counted


def turn(
    pace: Pace, used: Used, asking: Asking, *, since: datetime, now: datetime, zone: ZoneInfo
) -> tuple[Used, Wait | None]:
    """When a message may go: at once, or after a wait; and how far the pace is used up then."""
    share, today = pace.share(since, now), now.astimezone(zone).date()
    used = used if used.opened_on == today else replace(used, opened_on=today, opened=0)
    if held := _held(pace, used, asking, share, now, zone):
        return used, held
    if asking.had_turn_at is not None and now - asking.had_turn_at <= LATE:
        return used, None
    used = replace(used, opened=used.opened + asking.begins_on(today, zone))
    earliest = used.next_at - pace.lead(share)
    used = replace(used, next_at=max(used.next_at, now) + pace.interval(share))
    return used, None if earliest <= now else Wait(until=earliest, brake=Brake.RATE, has_turn=True)


def _held(pace: Pace, used: Used, asking: Asking, share: int, now: datetime, zone: ZoneInfo) -> Wait | None:
    """What holds a message back whatever the rate; it asks for its turn when that is over."""
    if end := pace.quiet_end(now, zone):
        return Wait(until=end, brake=Brake.QUIET_HOURS, has_turn=False)
    most = pace.chats(share)
    if asking.opens and asking.had_turn_at is None and most is not None and used.opened >= most:
        tomorrow = _at(used.opened_on + timedelta(days=1), time(), zone)
        return Wait(until=tomorrow, brake=Brake.NEW_CHATS, has_turn=False)
    return None


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)
