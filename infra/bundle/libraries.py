"""Which distribution an import comes from, and what that one needs: read from what is installed here."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.bundle.sources import BundleError

# Where functions run, whatever this machine is.
TARGET = {
    "implementation_name": "cpython",
    "implementation_version": "3.13.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
IMPORTABLE = re.compile(r"^([\w/]+?)(?:/__init__)?(?:\.[\w-]+)?\.(?:py|so|pyd),", re.MULTILINE)


@cache
def installed() -> dict[str, Distribution]:
    return {canonicalize_name(each.metadata["Name"]): each for each in distributions()}


@cache
def holders() -> dict[str, set[str]]:
    """By the dotted name of a module or package: the distributions that brought its file."""
    found: dict[str, set[str]] = {}
    for name, distribution in installed().items():
        for module in _modules(distribution):
            found.setdefault(module, set()).add(name)
    return found


def _modules(distribution: Distribution) -> Iterator[str]:
    found = IMPORTABLE.findall(distribution.read_text("RECORD") or "")
    return (path.replace("/", ".") for path in found)


def holder(imported: str) -> str:
    """The distribution whose file an import reads: that of the longest name known, as `google` alone says nothing.

    BundleError: none is installed here.
    """
    name = imported
    while name and len(holders().get(name, ())) != 1:
        name = name.rpartition(".")[0]
    if not name:
        raise BundleError(f"{imported} is imported, and no library that is installed here holds it")
    return next(iter(holders()[name]))


def applies(requirement: Requirement, extra: str = "") -> bool:
    """Whether a requirement, with its marker, is one where functions run."""
    return requirement.marker is None or requirement.marker.evaluate({**TARGET, "extra": extra})


def with_dependencies(wanted: Iterable[Requirement]) -> set[str]:
    """The names of distributions and of all that they need in turn, extras included.

    BundleError: one of them is not installed here, so that nobody knows what it needs.
    """
    seen: set[tuple[str, str]] = set()
    waiting = {part for requirement in wanted for part in _parts(requirement)}
    while waiting:
        seen |= waiting
        waiting = {part for each in waiting for part in needs(*each)} - seen
    return {name for name, _ in seen}


def _parts(requirement: Requirement) -> Iterator[tuple[str, str]]:
    """A distribution and each extra asked of it; the extra "" is the distribution by itself."""
    name = canonicalize_name(requirement.name)
    yield from ((name, extra) for extra in ("", *requirement.extras))


@cache
def needs(name: str, extra: str) -> frozenset[tuple[str, str]]:
    if name not in installed():
        raise BundleError(f"{name} is needed where functions run and is not installed here")
    listed = map(Requirement, installed()[name].requires or ())
    return frozenset(part for each in listed if applies(each, extra) for part in _parts(each))
