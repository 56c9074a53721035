"""Which function a request is for, read from the manifest."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# With one of these in its path, what stands around a function answers a page of its own before the function is asked.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
PUSHED = frozenset({"consumer", "task", "schedule"})


class NoSuchPath(LookupError):
    pass


class WrongMethod(LookupError):
    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__()
        self.allowed = sorted(allowed)


@dataclass(frozen=True)
class Route:
    """A method and a path whose `{parameters}` stand for one segment each."""

    method: str
    path: str
    function: str

    @property
    def words(self) -> list[str]:
        return self.path.split("/")

    @property
    def precedence(self) -> list[bool]:
        """Sorts a literal word before a parameter, from the left."""
        return [_is_parameter(word) for word in self.words]

    def fits(self, segments: list[str]) -> bool:
        """Tell whether a path has these words; a parameter stands for anything but nothing and control characters."""
        if len(segments) != len(self.words):
            return False
        pairs = zip(self.words, segments, strict=True)
        return all(_is_value(segment) if _is_parameter(word) else word == segment for word, segment in pairs)


class Routes:
    """All functions of a manifest: the public ones by path, those that the cloud itself calls by name."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        functions = manifest["functions"]
        public = (
            Route(each["trigger"]["method"], each["trigger"]["path"], each["name"])
            for each in functions
            if "path" in each["trigger"]
        )
        self._public = sorted(public, key=lambda route: route.precedence)
        self._preflight: str | None = next((each["name"] for each in functions if each["kind"] == "preflight"), None)
        self._pushed = {each["name"] for each in functions if each["kind"] in PUSHED}

    def public(self, method: str, path: str) -> str:
        """The name of the function for a request; `NoSuchPath` or `WrongMethod` when there is none."""
        segments = path.split("/")
        fitting = [route for route in self._public if route.fits(segments)]
        # A path of words is an address of its own, whatever one with parameters beside it takes.
        fitting = [route for route in fitting if route.precedence == fitting[0].precedence]
        if method == "OPTIONS" and fitting and self._preflight:
            return self._preflight
        chosen = next((route for route in fitting if route.method == method), None)
        if chosen:
            return chosen.function
        if fitting:
            raise WrongMethod({route.method for route in fitting})
        raise NoSuchPath

    def pushed(self, name: str) -> str:
        """The same name, if the cloud calls such a function."""
        if name not in self._pushed:
            raise NoSuchPath
        return name


def _is_value(segment: str) -> bool:
    return bool(segment) and not _CONTROLS.search(segment)


def _is_parameter(word: str) -> bool:
    return word.startswith("{")
