"""How actions stand to each other: of those that are alike the last one asked for counts."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, inspect, literal, tuple_

from shared.crm.actions.model import Action, ActionStatus
from shared.runtime.work import Repository

A = TypeVar("A", bound=Action)

OPEN = frozenset({ActionStatus.QUEUED, ActionStatus.SENDING})


class Actions(Repository[A]):
    """A subclass says which are alike."""

    def alike(self, action: A) -> Sequence[ColumnElement[bool]]:
        raise NotImplementedError

    def request(self, action: A) -> A:
        """Let it take the place of those like it that nobody is at."""
        for other in self.others(action):
            if not other.is_held(self.uow.now):
                other.supersede()
        return self.add(action)

    def others(self, action: A) -> list[A]:
        """Those like it that are not done."""
        columns = inspect(self.kind).columns
        is_open = columns.status.in_({*OPEN, ActionStatus.FAILED})
        return self.all(*self.alike(action), is_open, columns.id != action.id, lock=True)

    def has_later(self, action: A) -> bool:
        """Whether another like it was asked for after it."""
        columns = inspect(self.kind).columns
        order = tuple_(columns.requested_at, columns.id)
        after = order > tuple_(literal(action.requested_at), literal(action.id))
        return self.first(*self.alike(action), after) is not None
