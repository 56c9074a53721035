"""What a function reaches: its imports, those of what it imports, and the files that these read."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeGuard

from infra.bundle.fingerprint import meaning
from infra.bundle.sources import PACKAGES, BundleError, Sources


@dataclass(frozen=True)
class Closure:
    """Paths of our own files, sorted, and full dotted names of what is imported from libraries."""

    paths: tuple[str, ...]
    libraries: frozenset[str]


@dataclass(frozen=True)
class Module:
    """One parsed file."""

    path: str
    tree: ast.Module

    @cached_property
    def imports(self) -> frozenset[str]:
        """Every dotted name it imports, wherever in the file; not what only the checker of types reads."""
        return frozenset(name for node in at_run_time(self.tree) for name in imported(node))

    @cached_property
    def words(self) -> frozenset[str]:
        """Every string that stands in it."""
        found = (node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant))
        return frozenset(value for value in found if isinstance(value, str))

    @cached_property
    def meaning(self) -> str:
        return meaning(self.tree)


@cache
def parsed(path: str, content: bytes) -> Module:
    """A file is parsed once, whoever reaches it, and of two revisions once if it is the same."""
    return Module(path, ast.parse(content, path))


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, but not into what stands under `if TYPE_CHECKING`."""
    waiting = [node]
    while waiting:
        yield (here := waiting.pop())
        waiting += here.orelse if is_for_types(here) else ast.iter_child_nodes(here)


def is_for_types(node: ast.AST) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


class Code:
    """The project's modules, and what each of them leads to."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    def module(self, name: str) -> Module:
        path = self.sources.modules[name]
        return parsed(path, self.sources.files[path])

    def closure(self, name: str) -> Closure:
        """Follow a module's imports until nothing new is found; packages on the way are part of it.

        BundleError: it reaches a name below our packages that is no module.
        """
        found: set[str] = set()
        libraries: set[str] = set()
        waiting = {name}
        while waiting:
            found |= (waiting := {each for start in waiting for each in lineage(start)} - found)
            following = {target for each in waiting for target in self.module(each).imports}
            libraries |= {target for target in following if is_library(target)}
            waiting = {self._found(target) for target in following if is_ours(target)} - found
        modules = [self.module(each) for each in found]
        return Closure(tuple(sorted({each.path for each in modules} | self._read_by(modules))), frozenset(libraries))

    def _found(self, target: str) -> str:
        """The module that an import of ours means: itself, or the one it is taken from."""
        modules = self.sources.modules
        holder = target if target in modules else target.rpartition(".")[0]
        # Packages of ours are empty: what is taken from one is a module of it.
        if holder not in modules or (holder != target and modules[holder].endswith("__init__.py")):
            raise BundleError(f"{target} is imported, and there is no such module")
        return holder

    def _read_by(self, modules: list[Module]) -> set[str]:
        """The data files that lie in a package they import and are named by one of them."""
        paths = {module.path for module in modules}
        words = {word for module in modules for word in module.words}
        return {path for path in self.sources.data if _package(path) in paths and path.rpartition("/")[2] in words}


def lineage(name: str) -> Iterator[str]:
    """A module's name and those of all packages above it."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES


def is_library(name: str) -> bool:
    return name.partition(".")[0] not in (*PACKAGES, *sys.stdlib_module_names)


def _package(path: str) -> str:
    return f"{path.rpartition('/')[0]}/__init__.py"
