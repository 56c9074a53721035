"""What deliveries have read and what they change, written in an order that every foreign key accepts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar, cast
from uuid import UUID

from shared.crm.message_groups.model import GroupStatus, MessageGroup
from shared.crm.sessions.model import Session, SessionStatus
from shared.kernel.aggregate import Aggregate
from shared.runtime.bulk import Batch, Change, columns_of, revive, values_of
from shared.runtime.postgres import Sql

A = TypeVar("A", bound=Aggregate)

ORDER = ("contacts", "chats", "sessions", "message_groups", "messages", "channels", "calls")


@dataclass(eq=False)
class _Entry:
    """An aggregate of a table: its values as they were read, None if it is new, and as they were when last counted."""

    table: str
    aggregate: Aggregate
    before: tuple[Any, ...] | None
    counted: tuple[Any, ...] | None
    since: int

    @property
    def has_changed(self) -> bool:
        """Whether it changed since the last count; what hangs on it may be all that did: its events tell."""
        return self.aggregate.has_recorded or values_of(self.aggregate) != self.counted

    def count(self) -> Aggregate:
        """Count what changed as one change, which raises the version, but not that of one just made."""
        if self.counted is not None:
            self.aggregate.version += 1
        self.counted = values_of(self.aggregate)
        return self.aggregate

    @property
    def change(self) -> Change:
        """All that changed since it was read."""
        names, now, before = columns_of(self.aggregate), values_of(self.aggregate), self.before or ()
        told = zip(names, now, before, strict=True)
        columns = tuple(name for name, value, was in told if value != was and name != "version")
        return Change(self.aggregate, columns, self.since)

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
    common: dict[tuple[Any, ...], dict[str, UUID]] = field(default_factory=dict)
    _read: dict[str, Aggregate] = field(default_factory=dict, init=False)

    def load(self, table: str, kind: type[A], row: dict[str, Any]) -> A:
        """The aggregate of a row: the same one each time, as it has become since it was read."""
        known = self._read.get(row["id"])
        if known is None:
            known = self._read[row["id"]] = revive(kind, row)
            before = values_of(known)
            self.entries.append(_Entry(table, known, before, before, known.version))
        return cast("A", known)

    def load_all(self, table: str, kind: type[A], rows: list[dict[str, Any]]) -> list[A]:
        return [self.load(table, kind, row) for row in rows]

    def add(self, table: str, aggregate: A) -> A:
        self.entries.append(_Entry(table, aggregate, None, None, 0))
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

    def last_of_all(self, text: str, told: dict[str, UUID], **names: UUID) -> None:
        """Such a statement that is made once for all that it is `told`."""
        self.common.setdefault((text, *names.items()), {}).update(told)

    def ending(self) -> list[Sql]:
        """Hand over what needs all the rows to be there."""
        common = [Sql(text, {**dict(names), "told": told}) for (text, *names), told in self.common.items()]
        ending = [*self.afterwards, *common]
        self.afterwards, self.common = [], {}
        return ending

    @classmethod
    def joined(cls, ledgers: Iterable["Ledger"]) -> "Ledger":
        """One ledger of several that change no aggregate in common."""
        whole = cls()
        for each in ledgers:
            whole.entries.extend(each.entries)
            for table, rows in each.rows.items():
                whole.rows.setdefault(table, []).extend(rows)
            whole.afterwards.extend(each.afterwards)
            for (text, *names), told in each.common.items():
                whole.last_of_all(text, told, **dict(names))
        return whole

    def settle(self) -> list[Aggregate]:
        """Count all that changed since the last time as one change of each; gives it in the order of writing."""
        changed = sorted((each for each in self.entries if each.has_changed), key=attrgetter("turn"))
        return [each.count() for each in changed]

    def write(self) -> Batch:
        """Settle it, and give all statements."""
        self.settle()
        return self.written()

    def written(self) -> Batch:
        """All statements of what is settled: per table what changed, what is new, and the rows that hang on it."""
        ordered = sorted(
            (each for each in self.entries if each.since != each.aggregate.version), key=attrgetter("turn")
        )
        for table in ORDER:
            ours = [each for each in ordered if each.table == table]
            read = (each for each in ours if each.before is not None)
            for _, some in groupby(read, key=attrgetter("turn")):
                self.batch.change(table, *(each.change for each in some))
            self.batch.add(table, *(each.aggregate for each in ours if each.before is None))
            for dependent in _DEPENDENTS.get(table, ()):
                self.batch.insert(dependent, *self.rows.get(dependent, ()), or_keep=True)
        self.batch.statements.extend(self.ending())
        return self.batch


def _holds_place(aggregate: Aggregate) -> bool:
    if isinstance(aggregate, Session):
        return aggregate.status is SessionStatus.OPEN
    return isinstance(aggregate, MessageGroup) and aggregate.status is GroupStatus.PENDING


_DEPENDENTS = {
    "contacts": ("contact_identities", "lid_lookups"),
    "chats": ("chat_addresses",),
}
