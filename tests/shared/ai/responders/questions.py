"""Questions as run_agent would put them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.ai.responders.base import Question, Speaker, Turn

ZONE = ZoneInfo("America/Sao_Paulo")
TUESDAY = datetime(2026, 3, 10, 14, 5, tzinfo=ZONE)


def customer(text: str) -> Turn:
    return Turn(speaker=Speaker.CUSTOMER, text=text, at=TUESDAY)


def us(text: str) -> Turn:
    return Turn(speaker=Speaker.US, text=text, at=TUESDAY)


def question(text: str, *turns: Turn, now: datetime = TUESDAY, **config: Any) -> Question:
    return Question(text=text, turns=turns, now=now, config=config)
