"""What deliveries have read and what they change, written in an order that every foreign key accepts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from shared.crm.message_groups.model import GroupStatus, MessageGroup
from shared.crm.sessions.model import Session, SessionStatus
from shared.kernel.aggregate import Aggregate
from shared.runtime.bulk import Batch, revive, row_of
from shared.runtime.postgres import Sql

A = TypeVar("A", bound=Aggregate)

ORDER = ("contacts", "chats", "sessions", "message_groups", "messages", "channels", "calls")


@dataclass(eq=False)
class _Entry:
    """An aggregate of a table: its row as it was read, None if it is new, and as it was when last counted."""

    table: str
    aggregate: Aggregate
    before: dict[str, Any] | None
    counted: dict[str, Any] | None

    def count(self) -> bool:
        """Whether it changed since the last count; if so its version is raised, but that of one just made."""
        row = row_of(self.aggregate)
        # What hangs on it may be all that changed: its events tell.
        if row == self.counted and not self.aggregate.has_recorded:
            return False
        if self.counted is not None:
            self.aggregate.version += 1
            row["version"] = self.aggregate.version
        self.counted = row
        return True

    @property
    def turn(self) -> tuple[int, bool, bool]:
        """A chat has one open session and one pending group: who leaves that place goes first."""
        return ORDER.index(self.table), self.counted is None, _holds_place(self.aggregate)


@dataclass
class Ledger:
    """Aggregates by table: those that were read, each with its row as it was, and those that are new."""

    entries: list[_Entry] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    batch: Batch = field(default_factory=Batch)
    afterwards: list[Sql] = field(default_factory=list)
    _read: dict[str, Aggregate] = field(default_factory=dict, init=False)

    def load(self, table: str, kind: type[A], row: dict[str, Any]) -> A:
        """The aggregate of a row: the same one each time, as it has become since it was read."""
        known = self._read.get(row["id"])
        if known is None:
            known = self._read[row["id"]] = revive(kind, row)
            before = row_of(known)
            self.entries.append(_Entry(table, known, before, before))
        return cast("A", known)

    def load_all(self, table: str, kind: type[A], rows: list[dict[str, Any]]) -> list[A]:
        return [self.load(table, kind, row) for row in rows]

    def add(self, table: str, aggregate: A) -> A:
        self.entries.append(_Entry(table, aggregate, None, None))
        return aggregate

    def all(self, kind: type[A]) -> list[A]:
        """What of a kind was read or made so far."""
        return [each.aggregate for each in self.entries if isinstance(each.aggregate, kind)]

    def row(self, table: str, **values: Any) -> None:
        """A row that belongs to an aggregate; one that is already there stays as it is."""
        self.rows.setdefault(table, []).append(values)

    def last(self, text: str, **values: Any) -> None:
        """A statement that needs all the rows to be there."""
        self.afterwards.append(Sql(text, values))

    @classmethod
    def joined(cls, ledgers: Iterable["Ledger"]) -> "Ledger":
        """One ledger of several that change no aggregate in common."""
        whole = cls()
        for each in ledgers:
            whole.entries.extend(each.entries)
            for table, rows in each.rows.items():
                whole.rows.setdefault(table, []).extend(rows)
            whole.afterwards.extend(each.afterwards)
        return whole

    def settle(self) -> list[Aggregate]:
        """Count all that changed since the last time as one change of each; gives it in the order of writing."""
        return [each.aggregate for each in sorted(self.entries, key=lambda each: each.turn) if each.count()]

    def write(self) -> Batch:
        """Settle it, and give all statements."""
        self.settle()
        return self.written()

    def written(self) -> Batch:
        """All statements of what is settled: per table what changed, what is new, and the rows that hang on it."""
        ordered = sorted(self.entries, key=lambda each: each.turn)
        for table in ORDER:
            ours = [each for each in ordered if each.table == table]
            for each in ours:
                self._change(each)
            self.batch.add(table, *(each.aggregate for each in ours if each.before is None))
            for dependent in _DEPENDENTS.get(table, ()):
                self.batch.insert(dependent, *self.rows.get(dependent, ()), or_keep=True)
        self.batch.statements.extend(self.afterwards)
        return self.batch

    def _change(self, entry: _Entry) -> None:
        if entry.before and entry.before["version"] != entry.aggregate.version:
            columns = _differences(entry.aggregate, entry.before)
            self.batch.change(entry.table, entry.aggregate, columns, since=entry.before["version"])


def _differences(aggregate: Aggregate, before: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, value in row_of(aggregate).items() if value != before[name] and name != "version")


def _holds_place(aggregate: Aggregate) -> bool:
    if isinstance(aggregate, Session):
        return aggregate.status is SessionStatus.OPEN
    return isinstance(aggregate, MessageGroup) and aggregate.status is GroupStatus.PENDING


_DEPENDENTS = {
    "contacts": ("contact_identities", "lid_lookups"),
    "chats": ("chat_addresses",),
}
