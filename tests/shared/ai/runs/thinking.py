"""A responder that does as a test says while it thinks."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from shared.ai.responders.base import Answer, Question, ResponderError
from shared.ai.runs import answering

Thought = Callable[[], None]


@dataclass
class Thinker:
    """Runs one thought for each time it is asked, and then answers; `asked` are the questions so far."""

    thoughts: list[Thought] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    text: str | None = "Olá!"
    hands_over: bool = False

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        if self.thoughts:
            self.thoughts.pop(0)()
        return Answer(text=self.text, hands_over=self.hands_over, responder="thinker", model="a model")


def think(monkeypatch: pytest.MonkeyPatch, *thoughts: Thought) -> Thinker:
    """Let a thinker stand in for every responder."""
    thinker = Thinker(list(thoughts))

    def named(kind: str) -> Thinker:
        thinker.kinds.append(kind)
        return thinker

    monkeypatch.setattr(answering, "responder_for", named)
    return thinker


def fail(*, passing: bool) -> Thought:
    """A thought that ends in a failure."""

    def thought() -> None:
        raise ResponderError("the model is away", passing=passing)

    return thought
