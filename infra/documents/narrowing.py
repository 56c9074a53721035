"""Where one JSON Schema takes less, or promises less, than another did."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
EXACT = ("pattern", "format", "multipleOf", "uniqueItems")
PLACE = "#/components/schemas/"


@dataclass(frozen=True)
class Comparison:
    """Two documents whose schemas are compared: of what callers send and is still understood, or of what they hear."""

    old: Json
    new: Json
    sent: bool
    under_way: set[tuple[str, str]] = field(default_factory=set)

    def breaks(self, old: Json, new: Json, name: str) -> Iterator[str]:
        """Sentences about what `name` was and no longer is."""
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if "$ref" in old and pair in self.under_way:
            return
        self.under_way.add(pair)
        try:
            yield from self._breaks(resolved(self.old, old), resolved(self.new, new), name)
        finally:
            self.under_way.discard(pair)

    def _breaks(self, old: Json, new: Json, name: str) -> Iterator[str]:
        if is_union(old) or is_union(new):
            yield from self._union(choices(old), choices(new), name)
        elif retyped := self._retyped(old, new):
            yield f"{name} {retyped}"
        else:
            yield from self._words(old, new, name)
            yield from (limits(old, new, name) if self.sent else ())
            yield from self._object(old, new, name)
            yield from self._items(old, new, name)

    def _retyped(self, old: Json, new: Json) -> str:
        was, now = types(old), types(new)
        fits = was <= now if self.sent else now <= was
        return "" if fits else f"was {spoken(was)} and is {spoken(now)}"

    def _union(self, old: list[Json], new: list[Json], name: str) -> Iterator[str]:
        """Each thing that was sent must find its like; each that is answered must have been known."""
        wanted, offered = (old, new) if self.sent else (new, old)
        for each in wanted:
            found = [
                list(self.breaks(*((each, other) if self.sent else (other, each)), name=name)) for other in offered
            ]
            if all(found):
                yield from self._closest(each, found, offered, name)

    def _closest(self, each: Json, found: list[list[str]], offered: list[Json], name: str) -> list[str]:
        """What is wrong with the one of the same type, or that there is none."""
        mine, others = (self.old, self.new) if self.sent else (self.new, self.old)
        kinds = types(resolved(mine, each))
        alike = [said for said, other in zip(found, offered, strict=True) if types(resolved(others, other)) == kinds]
        return (
            min(alike, key=len) if alike else [f"{name} {'no longer takes' if self.sent else 'may be'} {spoken(kinds)}"]
        )

    def _words(self, old: Json, new: Json, name: str) -> Iterator[str]:
        was, now = words(old), words(new)
        if self.sent and now is not None:
            gone = [str(each) for each in was or () if each not in now]
            if was is None:
                yield f"{name} takes only {', '.join(map(str, now))}"
            elif gone:
                yield f"{name} no longer takes {', '.join(gone)}"

    def _object(self, old: Json, new: Json, name: str) -> Iterator[str]:
        was, now = properties(old), properties(new)
        for each in sorted(was.keys() - now.keys()):
            if not self.sent or new.get("additionalProperties") is False:
                yield f"{member(name, each)} {'is no longer taken' if self.sent else 'is gone'}"
        yield from self._required(old, new, name)
        for each in sorted(was.keys() & now.keys()):
            yield from self.breaks(was[each], now[each], member(name, each))

    def _required(self, old: Json, new: Json, name: str) -> Iterator[str]:
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        if self.sent:
            for each in sorted(now - was):
                kind = "is required now" if each in properties(old) else "is new and required"
                yield f"{member(name, each)} {kind}"
        else:
            yield from (
                f"{member(name, each)} may be missing now" for each in sorted((was - now) & set(properties(new)))
            )

    def _items(self, old: Json, new: Json, name: str) -> Iterator[str]:
        if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
            yield from self.breaks(old["items"], new["items"], f"{name}[]")


def limits(old: Json, new: Json, name: str) -> Iterator[str]:
    """Limits that are new or stricter."""
    for key in (*UPPER, *LOWER):
        was, now = old.get(key), new.get(key)
        if now is not None and (was is None or (now < was if key in UPPER else now > was)) and now != default(key):
            yield f"{name} has the {key} {now}, which was {'not limited' if was is None else was}"
    for key in EXACT:
        if key in new and new[key] != old.get(key) and not (key == "pattern" and all_fit(new[key], words(old))):
            yield f"{name} must fit the {key} {new[key]}, which was {old.get(key, 'not asked')}"


def all_fit(pattern: str, told: list[Any] | None) -> bool:
    """Whether all that something could be before, where that was told, fits the pattern."""
    return bool(told) and all(isinstance(each, str) and re.search(pattern, each) for each in told or ())


def default(key: str) -> int | None:
    """What a limit is when it says nothing."""
    return 0 if key in {"minLength", "minItems", "minProperties"} else None


def resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**document["components"]["schemas"][schema["$ref"].removeprefix(PLACE)], **rest}
    return schema


def is_union(schema: Json) -> bool:
    return "anyOf" in schema or "oneOf" in schema


def choices(schema: Json) -> list[Json]:
    found: list[Json] = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return found


def properties(schema: Json) -> Mapping[str, Json]:
    found: Mapping[str, Json] = schema.get("properties", {})
    return found


def words(schema: Json) -> list[Any] | None:
    """The few values that something may have; None when they are not told."""
    found: list[Any] | None = [schema["const"]] if "const" in schema else schema.get("enum")
    return found


def types(schema: Json) -> frozenset[str]:
    """The JSON types of a schema; all of them when it does not say."""
    told = schema.get("type")
    if told is None and words(schema):
        return frozenset(spelled(each) for each in words(schema) or ())
    if told is None:
        told = "object" if "properties" in schema else ["array", "boolean", "null", "number", "object", "string"]
    found = frozenset([told] if isinstance(told, str) else told)
    return found | {"integer"} if "number" in found else found


def spelled(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def spoken(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))


def member(name: str, field_name: str) -> str:
    return f"{name}.{field_name}"
