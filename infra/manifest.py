"""`infra manifest`: the list of all functions, read from their declarations; deploy and gateway are made from it."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from infra import generated
from infra.environment import ROOT
from infra.local.topology import Subscription, Topology
from shared.runtime.declarations import ATTRIBUTE, Declaration

FILE = ROOT / "infra/manifest.json"


class ManifestError(Exception):
    """A file below functions/ is not what a function's file must be."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    generated.add_check(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        fresh = manifest()
    except ManifestError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.check:
        return generated.verdict(FILE, generated.differences(entries(committed()), entries(fresh)), "manifest")
    FILE.write_text(json.dumps(fresh, indent=2, ensure_ascii=False) + "\n")
    print(f"{generated.shown(FILE)}: {len(fresh['functions'])} functions")
    return 0


def manifest(declared: Iterable[Declaration] | None = None) -> dict[str, Any]:
    """Describe every function in plain JSON values, sorted by name, and what lies between them."""
    known = sorted(declarations() if declared is None else declared, key=lambda each: each.name)
    topology = Topology.of(known)
    return {
        "functions": [entry(each) for each in known],
        "topics": sorted(topology.topics),
        "subscriptions": [subscription(each) for each in topology.subscriptions],
        "queues": sorted(topology.queues),
    }


def subscription(wanted: Subscription) -> dict[str, Any]:
    """Name what one consumer wants of one topic; the name changes with what cannot be changed in one that exists."""
    return {
        "name": wanted.name,
        "consumer": wanted.consumer.name,
        "topic": wanted.topic,
        "filter": wanted.filter,
    }


def entry(declared: Declaration) -> dict[str, Any]:
    return {
        "name": declared.name,
        "module": declared.module,
        "kind": declared.kind.value,
        "summary": declared.summary,
        "trigger": declared.trigger(),
        "concurrency": declared.concurrency,
        "memory": declared.memory,
        "timeout": declared.timeout,
        "warm": declared.warm,
        "uses": [use.value for use in declared.needs],
        "secrets": declared.secrets,
    }


def declarations(package: str = "functions") -> list[Declaration]:
    """Import every file of the package and return what each declares, sorted by name.

    ManifestError: a file declares no function, several, or one that is not named as the file.
    """
    return sorted((declared_in(import_module(name)) for name in modules(package)), key=lambda each: each.name)


def modules(package: str) -> Iterator[str]:
    """Name the files of a package that hold a function: those whose names do not begin with `_`."""
    folder = Path(import_module(package).__path__[0])
    for file in sorted(folder.rglob("*.py")):
        if not file.name.startswith("_"):
            yield ".".join((package, *file.relative_to(folder).with_suffix("").parts))


def declared_in(module: ModuleType) -> Declaration:
    """Return the one declaration that a module makes itself."""
    found = {
        id(spec): spec
        for value in vars(module).values()
        if isinstance(spec := getattr(value, ATTRIBUTE, None), Declaration) and spec.module == module.__name__
    }
    names = sorted(spec.name for spec in found.values())
    expected = module.__name__.rpartition(".")[2]
    if names != [expected]:
        raise ManifestError(
            f"{module.__name__} must declare exactly one function, named {expected}; "
            f"it declares {', '.join(names) or 'none'}."
        )
    return next(iter(found.values()))


def committed() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {"functions": []}
    return read


def entries(document: dict[str, Any]) -> dict[str, Any]:
    """Take a manifest apart, so that two can be compared: every function by its name, and the rest by its kind."""
    between = {name: part for name, part in document.items() if name != "functions"}
    return {each["name"]: each for each in document["functions"]} | between
