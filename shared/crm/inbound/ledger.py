"""What one delivery read and what it changes, written in an order that every foreign key accepts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from shared.crm.message_groups.model import GroupStatus, MessageGroup
from shared.crm.sessions.model import Session, SessionStatus
from shared.kernel.aggregate import Aggregate
from shared.runtime.bulk import Batch, revive, row_of
from shared.runtime.postgres import Sql

A = TypeVar("A", bound=Aggregate)

ORDER = ("contacts", "chats", "sessions", "message_groups", "messages", "channels", "calls")


@dataclass
class Ledger:
    """Aggregates by table: those that were read, each with its row as it was, and those that are new."""

    read: list[tuple[str, Aggregate, dict[str, Any]]] = field(default_factory=list)
    new: list[tuple[str, Aggregate]] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    batch: Batch = field(default_factory=Batch)
    afterwards: list[Sql] = field(default_factory=list)

    def load(self, table: str, kind: type[A], row: dict[str, Any]) -> A:
        aggregate = revive(kind, row)
        self.read.append((table, aggregate, row_of(aggregate)))
        return aggregate

    def load_all(self, table: str, kind: type[A], rows: list[dict[str, Any]]) -> list[A]:
        return [self.load(table, kind, row) for row in rows]

    def add(self, table: str, aggregate: A) -> A:
        self.new.append((table, aggregate))
        return aggregate

    def row(self, table: str, **values: Any) -> None:
        """A row that belongs to an aggregate; one that is already there stays as it is."""
        self.rows.setdefault(table, []).append(values)

    def last(self, text: str, **values: Any) -> None:
        """A statement that needs all the rows to be there."""
        self.afterwards.append(Sql(text, values))

    @classmethod
    def joined(cls, ledgers: Iterable["Ledger"]) -> "Ledger":
        """One ledger of several that have no aggregate in common."""
        whole = cls()
        for each in ledgers:
            whole.read.extend(each.read)
            whole.new.extend(each.new)
            for table, rows in each.rows.items():
                whole.rows.setdefault(table, []).extend(rows)
            whole.afterwards.extend(each.afterwards)
        return whole

    @property
    def aggregates(self) -> list[Aggregate]:
        """All that was read or made."""
        return [*(each for _, each, _ in self.read), *(each for _, each in self.new)]

    def write(self) -> Batch:
        """All statements: per table what changed, then what is new, then the rows that hang on it."""
        for table in ORDER:
            for aggregate, columns in self._changed(table):
                self.batch.change(table, aggregate, columns)
            self.batch.add(table, *(aggregate for name, aggregate in self.new if name == table))
            for dependent in _DEPENDENTS.get(table, ()):
                self.batch.insert(dependent, *self.rows.get(dependent, ()), or_keep=True)
        self.batch.statements.extend(self.afterwards)
        return self.batch

    def _changed(self, table: str) -> list[tuple[Aggregate, tuple[str, ...]]]:
        ours = [(each, before) for name, each, before in self.read if name == table]
        found = ((each, _differences(each, before)) for each, before in ours)
        # What hangs on it may be all that changed: its events tell.
        changed = [(each, columns) for each, columns in found if columns or each.has_recorded]
        # A chat has one open session and one pending group: who leaves that place goes first.
        return sorted(changed, key=lambda pair: _holds_place(pair[0]))


def _differences(aggregate: Aggregate, before: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, value in row_of(aggregate).items() if value != before[name])


def _holds_place(aggregate: Aggregate) -> bool:
    if isinstance(aggregate, Session):
        return aggregate.status is SessionStatus.OPEN
    return isinstance(aggregate, MessageGroup) and aggregate.status is GroupStatus.PENDING


_DEPENDENTS = {
    "contacts": ("contact_identities", "lid_lookups"),
    "chats": ("chat_addresses",),
}
