"""Contacts, chats, sessions and messages as plain Python has them: what the API must show after each request."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

View = dict[str, Any]
KINDS = ("contacts", "chats", "sessions", "messages")


@dataclass
class Identity:
    """A phone or an e-mail, whose it is, and when it was first told, as a number."""

    contact_id: str
    kind: str
    value: str
    told: int


@dataclass
class DeskModel:
    """`seen` are the views as they were last shown; `due` is what the last request must have made of some of them."""

    seen: dict[str, dict[str, View]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    due: dict[str, dict[str, View]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    deleted: set[str] = field(default_factory=set)
    identities: list[Identity] = field(default_factory=list)
    told: int = 0

    # What a request leaves behind

    def must(self, kind: str, id: str, **fields: Any) -> None:
        """From now on it is so; its other fields may have changed with it."""
        self.due[kind][id] = {**self.due[kind].get(id, {}), **fields}

    def owners(self, told: Iterable[tuple[str, str]]) -> set[str]:
        wanted = set(told)
        return {each.contact_id for each in self.identities if (each.kind, each.value) in wanted}

    def living(self) -> list[str]:
        return sorted(self.seen["contacts"].keys() - self.deleted)

    def known_by(self, contact_id: str, told: Iterable[tuple[str, str]]) -> None:
        """The contact, living from now on, is known by these too."""
        self.told += 1
        self.deleted.discard(contact_id)
        known = {(each.kind, each.value) for each in self.identities}
        self.identities += [Identity(contact_id, *each, self.told) for each in told if each not in known]
        self.must(
            "contacts", contact_id, phone=self._latest(contact_id, "phone"), email=self._latest(contact_id, "email")
        )

    def _latest(self, contact_id: str, kind: str) -> str | None:
        mine = [each for each in self.identities if (each.contact_id, each.kind) == (contact_id, kind)]
        return max(mine, key=lambda each: each.told).value if mine else None

    def delete(self, contact_id: str) -> None:
        self.deleted.add(contact_id)
        self.due["contacts"].pop(contact_id, None)

    def chat_of(self, contact_id: str) -> str | None:
        return next((key for key, chat in self.seen["chats"].items() if chat["contact_id"] == contact_id), None)

    def open_session(self, chat_id: str) -> str | None:
        return next(
            (key for key, each in self.seen["sessions"].items() if each["chat_id"] == chat_id and is_open(each)), None
        )

    # What the API shows

    def compare(self, kind: str, shown: list[View]) -> None:
        """Everything of a kind is there, as it must be; what nothing was done to is as it was."""
        found = {each["id"]: each for each in shown}
        gone = self.deleted if kind == "contacts" else set()
        expected = (self.seen[kind].keys() | self.due[kind].keys()) - gone
        assert found.keys() == expected, f"{kind}: {len(found)} are shown and {len(expected)} are there"
        for key, view in found.items():
            self._compare(kind, key, view)
        self.seen[kind] |= found
        self.due[kind].clear()

    def _compare(self, kind: str, id: str, view: View) -> None:
        before, due = self.seen[kind].get(id), self.due[kind].get(id)
        if due is None:
            assert view == before, f"one of the {kind} changed: {difference(before or {}, view)}"
            return
        wrong = {name: (view[name], value) for name, value in due.items() if view[name] != value}
        assert not wrong, f"one of the {kind} is otherwise: {wrong}"
        assert before is None or view["version"] >= before["version"], f"the version of one of the {kind} fell"

    def listed(self, kind: str, sort: str, fits: Callable[[View], bool]) -> list[str]:
        """The ids of a list under a sort and a filter, in order; ids decide among equals."""
        name, _, way = sort.partition(":")
        there = [
            each
            for key, each in self.seen[kind].items()
            if fits(each) and not (kind == "contacts" and key in self.deleted)
        ]
        there.sort(key=lambda each: (place(each[name]), each["id"]), reverse=way == "desc")
        return [each["id"] for each in there]


def place(value: str) -> datetime | str:
    """What a value is sorted by: times may be spelled differently."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return value


def is_open(session: View) -> bool:
    return bool(session["status"] == "open")


def difference(before: View, after: View) -> dict[str, Any]:
    return {name: (before.get(name), after[name]) for name in after if before.get(name) != after[name]}
