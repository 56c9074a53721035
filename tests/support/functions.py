"""Every deployed function, imported once, and which of them answers what."""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from shared.runtime.consume import Consumer
from shared.runtime.declarations import ATTRIBUTE, Declaration, Routed, declaration_of
from shared.runtime.task import TaskFunction

ROOT = Path(__file__).parents[2]
D = TypeVar("D", bound=Declaration)
Function = Callable[..., Any]


def files() -> list[Path]:
    """The files below functions/ that each hold one function."""
    return sorted(file for file in (ROOT / "functions").rglob("*.py") if file.name != "__init__.py")


@cache
def all_functions() -> tuple[Function, ...]:
    """Import every file below functions/ and give the function each is named after."""
    return tuple(getattr(import_module(module_name(file)), file.stem) for file in files())


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def declared(kind: type[D]) -> list[D]:
    """The declarations of one kind."""
    found = (declaration_of(function) for function in all_functions() if hasattr(function, ATTRIBUTE))
    return [spec for spec in found if isinstance(spec, kind)]


def route(method: str, path: str) -> Routed | None:
    """The function the gateway would choose: the literal words of a path win over its parameters."""
    return next((spec for spec in _routes() if spec.method == method and spec.pattern.fullmatch(path)), None)


@cache
def _routes() -> tuple[Routed, ...]:
    return tuple(sorted(declared(Routed), key=lambda spec: -len(re.sub(r"{\w+}", "", spec.path))))


def consumers_of(event_type: str) -> list[Consumer]:
    return [spec for spec in declared(Consumer) if event_type in {event.event_type for event in spec.events}]


def function_for(task_name: str) -> TaskFunction | None:
    return next((spec for spec in declared(TaskFunction) if spec.name == task_name), None)
