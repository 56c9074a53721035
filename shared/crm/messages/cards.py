"""A person's card as phones exchange it."""

import re
from dataclasses import dataclass


def vcard(name: str, phone: str, organization: str | None = None) -> str:
    """A vCard 3.0 with one mobile number (E.164), under which WhatsApp knows the person."""
    firm = [f"ORG:{_escaped(organization)};"] if organization else []
    number = f"TEL;type=CELL;type=VOICE;waid={phone.removeprefix('+')}:{phone}"
    return "\n".join(["BEGIN:VCARD", "VERSION:3.0", f"FN:{_escaped(name)}", *firm, number, "END:VCARD"])


def is_same(one: str, other: str) -> bool:
    """Whether two cards are of one person under one name, however an engine has spelled them anew.

    What only one of them tells does not count.
    """
    ours, theirs = _read(one), _read(other)
    pairs = ((ours.name, theirs.name), (ours.numbers, theirs.numbers))
    return all(a == b for a, b in pairs if a and b)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    name: str
    numbers: frozenset[str]


def _read(card: str) -> _Told:
    lines = [line.split(":", 1) for line in _unfolded(card).splitlines() if ":" in line]
    told = [(re.sub(r"^[^.;]*\.", "", head).upper(), value) for head, value in lines]
    names = [value for head, value in told if head.partition(";")[0] == "FN"]
    numbers = frozenset(_number(head, value) for head, value in told if head.partition(";")[0] == "TEL")
    return _Told(name=_plain(names[0]) if names else "", numbers=numbers - {""})


def _unfolded(card: str) -> str:
    """A long line may be broken, and goes on behind a space."""
    return re.sub(r"\r?\n[ \t]", "", card)


def _number(head: str, value: str) -> str:
    """The digits under which WhatsApp knows it, or those that are dialled."""
    known = re.search(r";WAID=(\d+)", head)
    return known[1] if known else re.sub(r"\D", "", value)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\\(.)", r"\1", text).split())


def _escaped(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text)
