"""How actions stand to each other: of those that are alike the last one asked for counts."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, literal, tuple_

from shared.crm.actions.model import OPEN, Action, ActionStatus
from shared.runtime.consume import Busy
from shared.runtime.work import Repository

A = TypeVar("A", bound=Action)


class Actions(Repository[A]):
    """A subclass says which are alike."""

    def alike(self, action: A) -> Sequence[ColumnElement[bool]]:
        raise NotImplementedError

    def to_be_done(self, action_id: UUID) -> A | None:
        """An action that waits, locked. Busy: somebody is at it just now, or at one like it."""
        action = self.first(inspect(self.kind).columns.id == action_id, lock=True)
        if action is None or not action.waits:
            return None
        if any(each.is_held(self.uow.now) for each in (action, *self.others(action))):
            raise Busy("this, or something like it, is being done just now")
        return action

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
