"""What every responder is given and what it gives back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Speaker(StrEnum):
    CUSTOMER = "customer"
    US = "us"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One message of the conversation so far, in words."""

    speaker: Speaker
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is to be answered: the burst's text, and up to twenty messages before it, oldest first.

    `config` is the agent's own; `now` is local to the project.
    """

    text: str
    turns: tuple[Turn, ...]
    now: datetime
    config: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to say, and whether a person should go on from here. No text: nothing is said.

    `responder` and `model` label who made it; tokens are None where nobody counts them.
    """

    text: str | None
    hands_over: bool
    responder: str
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class ResponderError(Exception):
    """No answer could be had; `passing` says whether asking again may help."""

    def __init__(self, sentence: str, *, passing: bool) -> None:
        super().__init__(sentence)
        self.passing = passing


class Responder(Protocol):
    def answer(self, question: Question) -> Answer:
        """Answer, or raise ResponderError."""
        ...
