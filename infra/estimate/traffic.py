"""How much is written, and what an installation is, before anything is counted."""

from dataclasses import dataclass

DAY = 86_400  # seconds
DAYS = 30  # of a month


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What is assumed and cannot be measured here; `messages` are a day's, in both directions.

    A third of them are answers of a bot, each of which waits for a model and for the customer's WAHA server.
    `peak` is how many times the day's mean the busiest minute is. `trace_one_in` as in the settings.
    """

    messages: int
    tenants: int
    responder_seconds: float = 3.0
    waha_seconds: float = 1.0
    peak: float = 4.0
    months: int = 12
    trace_one_in: int = 1

    @property
    def each_second(self) -> float:
        return self.messages / DAY

    @property
    def waits(self) -> dict[str, float]:
        """Seconds for which a call waits for others than the database, by function."""
        return {"run_agent": self.responder_seconds, "send_message": self.waha_seconds}
