"""What a declaration leaves on its function: all that deploy, gateway, documents and the local cloud read."""

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, get_type_hints

from shared.runtime.identity import Access, Allow
from shared.runtime.uses import SECRETS, Use

if TYPE_CHECKING:
    from flask import Request, Response

ATTRIBUTE = "__ventros__"


class Kind(StrEnum):
    ENDPOINT = "endpoint"
    WEBHOOK = "webhook"
    CONSUMER = "consumer"
    TASK = "task"
    SCHEDULE = "schedule"
    SERVICE = "service"
    PREFLIGHT = "preflight"


class Limit(StrEnum):
    """Which rate a caller's requests count against; the numbers are rows an operator can raise."""

    AUTH = "auth"
    CRM_READ = "crm_read"
    CRM_WRITE = "crm_write"
    WEBHOOKS = "webhooks"
    AI = "ai"
    INGRESS = "ingress"
    HEALTH = "health"


class Deployment(TypedDict, total=False):
    """What every declaration may say of the process that serves it; what it leaves out has the defaults below."""

    concurrency: int
    memory: int
    timeout: int
    warm: bool
    uses: tuple[Use, ...]


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One deployed function. `handler` is what its file defines, without the runtime around it."""

    kind: ClassVar[Kind]
    taken: ClassVar[dict[str, str]] = {}

    handler: Callable[..., Any] = field(repr=False, compare=False)
    concurrency: int = 8  # threads, connections and requests at once: one number for the three
    memory: int = 512  # MiB
    timeout: int = 60  # seconds until a call is given up
    warm: bool = False  # one instance is always ready
    uses: tuple[Use, ...] = ()  # beside what its kind brings along

    def __post_init__(self) -> None:
        if not self.summary:
            raise TypeError(f"{self.name} needs a one-line docstring: it is what the documents say of it")
        for key in self.unique_keys():
            owner = f"{self.module}.{self.name}"
            if Declaration.taken.setdefault(key, owner) != owner:
                raise TypeError(f"{key} is declared by {Declaration.taken[key]} and again by {owner}")

    def unique_keys(self) -> list[str]:
        """What no other declaration may also claim."""
        return [f"function {self.name}"]

    def trigger(self) -> dict[str, Any]:
        """How the function is called, for the manifest."""
        raise TypeError(f"{type(self).__name__} does not say how it is called")

    def serve(self, request: "Request") -> "Response":
        """Answer one call."""
        raise TypeError(f"{type(self).__name__} is not called over HTTP, and here came {request.path}")

    def function(self) -> Callable[["Request"], "Response"]:
        """What is deployed: a function of the handler's name, as functions-framework wants one, that knows all this."""

        @functools.wraps(self.handler)
        def serve(request: "Request") -> "Response":
            return self.serve(request)

        setattr(serve, ATTRIBUTE, self)
        return serve

    @property
    def standard_uses(self) -> set[Use]:
        """What every function of the kind needs."""
        return {Use.DATABASE}

    @property
    def needs(self) -> list[Use]:
        return sorted(self.standard_uses | set(self.uses))

    @property
    def secrets(self) -> list[str]:
        """The settings that are handed to it as secrets."""
        return sorted({name for use in self.needs for name in SECRETS.get(use, ())})

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def module(self) -> str:
        return self.handler.__module__

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    @cached_property
    def types(self) -> dict[str, Any]:
        return get_type_hints(self.handler, include_extras=True)


def declaration_of(function: Any) -> Declaration:
    """What was declared of a deployed function."""
    found: Declaration = getattr(function, ATTRIBUTE)
    return found


@dataclass(frozen=True, kw_only=True)
class Routed(Declaration):
    """A function that the public gateway fronts."""

    method: str
    path: str
    allow: Allow
    limit: Limit

    def __post_init__(self) -> None:
        if self.method not in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            raise TypeError(f"{self.name}: {self.method} is not a method of this API")
        if self.parameters() != self.placeholders():
            raise TypeError(f"{self.name} takes {sorted(self.parameters())} but its path {self.path} does not")
        super().__post_init__()

    def unique_keys(self) -> list[str]:
        return [*super().unique_keys(), f"route {self.method} {re.sub(r'{[^}]+}', '{}', self.path)}"]

    def placeholders(self) -> set[str]:
        return set(re.findall(r"{(\w+)}", self.path))

    def parameters(self) -> set[str]:
        """The handler's parameters that the path must fill."""
        return set(self.types) - {"return"} - self.provided

    provided: ClassVar[frozenset[str]] = frozenset()

    def trigger(self) -> dict[str, Any]:
        allow = self.allow.value if isinstance(self.allow, Access) else self.allow.name.lower()
        return {"method": self.method, "path": self.path, "allow": allow, "limit": self.limit.value}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path))
