"""A bundle's requirements.txt: what its closure imports and what that needs, as the lock pins it, with hashes."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cached_property

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.bundle.libraries import applies, holder, with_dependencies
from infra.bundle.sources import LOCK, PROJECT, BundleError, Sources

# Serves the functions. The platform would add its own, without hashes, to a bundle that does not name one.
SERVER = "functions-framework"
ENTRY = re.compile(r"^[\w.-]+==.*(?:\n    --hash=.*)+", re.MULTILINE)


class Requirements:
    """What a lock and a pyproject.toml say, asked for one bundle after the other."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @cached_property
    def pins(self) -> dict[str, str]:
        """By name: the lines of the lock for a library where functions run."""
        return {name: lines for name, lines in _entries(self._sources.text(LOCK)) if lines}

    @cached_property
    def extras(self) -> dict[str, Requirement]:
        """What pyproject.toml asks for, by name: no import tells of an extra."""
        project = tomllib.loads(self._sources.text(PROJECT))
        groups = (line for group in project["dependency-groups"].values() for line in group if isinstance(line, str))
        listed = map(Requirement, (*groups, *project["project"]["dependencies"]))
        return {canonicalize_name(each.name): each for each in listed}

    def names(self, imported: Iterable[str], *, served: bool) -> set[str]:
        """The distributions that a closure needs; `served`: by functions-framework, which is then one of them."""
        direct = {holder(each) for each in imported} | ({SERVER} if served else set())
        return with_dependencies(self.extras.get(name, Requirement(name)) for name in direct)

    def text(self, names: Iterable[str]) -> str:
        """The file for these distributions. BundleError: the lock knows nothing of one."""
        wanted = sorted(names)
        if missing := [name for name in wanted if name not in self.pins]:
            raise BundleError(f"{', '.join(missing)}: not in {LOCK}; name it in pyproject.toml and run `infra lock`")
        return "".join(f"{self.pins[name]}\n" for name in wanted)


def _entries(lock: str) -> Iterator[tuple[str, str]]:
    """The lock's entries that hold where functions run; their markers, having been asked, are left out."""
    for entry in ENTRY.findall(lock):
        first, _, hashes = entry.partition(" \\\n")
        requirement = Requirement(first)
        if applies(requirement):
            yield canonicalize_name(requirement.name), f"{requirement.name}{requirement.specifier} \\\n{hashes}"
