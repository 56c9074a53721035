"""The filter language of Pub/Sub subscriptions, which sees a message's attributes only."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

Predicate = Callable[[Mapping[str, str]], bool]

_LONGEST = 256
_TOKEN = re.compile(r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>\w[\w-]*)|(?P<sign>!=|[-=:.,()]))', re.ASCII)


class InvalidFilter(ValueError):
    pass


class _Token(NamedTuple):
    kind: str
    text: str


_END = _Token("end", "the end")


def parse(expression: str) -> Predicate:
    """Return the test a filter stands for; an empty one lets everything through. InvalidFilter says what is wrong."""
    if len(expression.encode()) > _LONGEST:
        raise InvalidFilter(f"a filter has at most {_LONGEST} bytes")
    return _Parser(expression).whole() if expression.strip() else lambda _: True


def _tokens(expression: str) -> Iterator[_Token]:
    position, end = 0, len(expression.rstrip())
    while position < end:
        match = _TOKEN.match(expression, position)
        if match is None:
            raise InvalidFilter(f"cannot read the filter from {expression[position:]!r} on")
        yield _Token(str(match.lastgroup), match[0].strip())
        position = match.end()


class _Parser:
    """Recursive descent: choice or conjunction of terms, each a comparison, a negation or a parenthesis."""

    def __init__(self, expression: str) -> None:
        self._rest = [*_tokens(expression), _END][::-1]

    def whole(self) -> Predicate:
        predicate = self._expression()
        if self._next != _END:
            raise InvalidFilter(f"unexpected {self._next.text!r}; AND and OR together need parentheses")
        return predicate

    @property
    def _next(self) -> _Token:
        return self._rest[-1]

    def _take(self, *texts: str) -> str:
        if texts and self._next.text not in texts:
            raise InvalidFilter(f"expected {' or '.join(texts)}, found {self._next.text!r}")
        return self._rest.pop().text

    def _took(self, text: str) -> bool:
        found = self._next.text == text
        if found:
            self._rest.pop()
        return found

    def _expression(self) -> Predicate:
        terms = [self._term()]
        word = self._next.text
        while word in ("AND", "OR") and self._took(word):
            terms.append(self._term())
        if word == "OR":
            return lambda attributes: any(term(attributes) for term in terms)
        return lambda attributes: all(term(attributes) for term in terms)

    def _term(self) -> Predicate:
        if self._took("NOT") or self._took("-"):
            term = self._term()
            return lambda attributes: not term(attributes)
        if self._took("("):
            inner = self._expression()
            self._take(")")
            return inner
        return self._has_prefix() if self._took("hasPrefix") else self._comparison()

    def _has_prefix(self) -> Predicate:
        self._take("(")
        self._take("attributes")
        self._take(".")
        key = self._key()
        self._take(",")
        prefix = self._string()
        self._take(")")
        return lambda attributes: attributes.get(key, "").startswith(prefix) and key in attributes

    def _comparison(self) -> Predicate:
        self._take("attributes")
        has = self._take(".", ":") == ":"
        key = self._key()
        if has:
            return lambda attributes: key in attributes
        equal = self._take("=", "!=") == "="
        value = self._string()
        return lambda attributes: (attributes.get(key) == value) is equal

    def _key(self) -> str:
        return self._string() if self._next.kind == "string" else self._word()

    def _word(self) -> str:
        if self._next.kind != "word":
            raise InvalidFilter(f"expected the key of an attribute, found {self._next.text!r}")
        return self._take()

    def _string(self) -> str:
        if self._next.kind != "string":
            raise InvalidFilter(f"expected a text in double quotes, found {self._next.text!r}")
        try:
            return str(json.loads(self._take()))
        except ValueError as error:
            raise InvalidFilter(f"a text in the filter has an escape that is not understood: {error}") from error
