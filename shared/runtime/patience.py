"""Waiting for what is away: longer each time, and said once."""

import logging
from dataclasses import dataclass

from shared.runtime.telemetry import say

FIRST, LONGEST = 0.1, 3.0  # seconds


@dataclass
class Patience:
    """How long to wait before something is tried again; `what` names it in the log."""

    what: str
    failures: int = 0

    def failed(self, error: BaseException) -> float:
        """Take note, and return the seconds to wait."""
        if not self.failures:
            say("away", level=logging.WARNING, what=self.what, reason=type(error.__cause__ or error).__name__)
        self.failures += 1
        return min(LONGEST, FIRST * 2.0 ** min(self.failures - 1, 10))

    def succeeded(self) -> None:
        if self.failures:
            say("back", what=self.what, after=self.failures)
        self.failures = 0
