"""Contacts, chats, sessions and messages through the API, in any order, against a model in plain Python."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from shared.crm.contacts import use_cases
from shared.crm.contacts.model import Contact
from shared.crm.sessions.model import Session
from shared.runtime.query import _Order
from tests.campaigns.stage import stage
from tests.functions.desk import Desk

BAR = "after each step, everything that the API shows is what the model has"
LONG, QUICK = 5000, 300
STEPS = 30
SETTINGS = settings(
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def measure(steps: int, planted: Callable[[], AbstractContextManager[Any]] = nullcontext) -> dict[str, Any]:
    """Run sequences of steps, each at a tenant of its own, until there are enough or one fails."""
    with stage("desk", movable=True) as world, planted():
        tally: Counter[str] = Counter()
        machine = type("Machine", (Desk,), {"world": world, "tally": tally})
        # The first sequence is always the simplest there is, and some end early.
        examples = settings(SETTINGS, max_examples=steps * 11 // 10 // STEPS + 1)
        wrong = failure(seed(1)(machine), examples)
    return {
        "steps": tally.pop("steps"),
        "answers": dict(sorted(tally.items())),
        "wrong": wrong,
        "bar": BAR,
        "passed": not wrong,
    }


def failure(machine: Any, examples: settings) -> list[str]:
    try:
        run_state_machine_as_test(machine, settings=examples)
    except (AssertionError, Flaky) as error:
        # Ids decide among equals and are other ones each time, so what failed once may not fail again.
        return [f"{type(error).__name__}: {error}"[:2000]]
    return []


def run(long: bool) -> dict[str, Any]:
    return measure(LONG if long else QUICK)


def without_a_tie_breaker() -> AbstractContextManager[Any]:
    def by(self: Any) -> str:
        return f"{self.column} {'desc' if self.falling else 'asc'}"

    def after(self: Any) -> str:
        return f"{self.column} {'<' if self.falling else '>'} cast(:cursor_value as {self.cast})"

    return patch.multiple(_Order, by=by, after=after)


def with_the_deleted_still_there() -> AbstractContextManager[Any]:
    return patch.object(Contact, "delete", lambda *_: None)


def with_closed_sessions_held() -> AbstractContextManager[Any]:
    return patch.object(Session, "_released", lambda *_: None)


def with_people_registered_twice() -> AbstractContextManager[Any]:
    return patch.object(use_cases, "_free", lambda _: [])


FAULTS = {
    "no_tie_breaker": lambda: measure(QUICK, without_a_tie_breaker),
    "the_deleted_still_there": lambda: measure(QUICK, with_the_deleted_still_there),
    "closed_sessions_held": lambda: measure(QUICK, with_closed_sessions_held),
    "people_registered_twice": lambda: measure(QUICK, with_people_registered_twice),
}
