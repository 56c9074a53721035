"""Each function as it is deployed: a one-line main.py, loaded by functions-framework at its first call."""

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import functions_framework

from infra.bundle.bundles import starter

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Functions:
    """WSGI applications by function name; their sources are made in `folder`."""

    def __init__(self, manifest: Mapping[str, Any], folder: Path) -> None:
        self._modules = {each["name"]: each["module"] for each in manifest["functions"]}
        self._folder = folder
        self._loaded: dict[str, Application] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Application:
        # The framework keeps what it loads in globals of its own, so only one is loaded at a time.
        if name not in self._loaded:
            with self._lock:
                if name not in self._loaded:
                    self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> Application:
        source = self._folder / name / "main.py"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(starter(name, self._modules[name]))
        # The kind of signature would else be taken from what an earlier function left in the environment.
        application: Application = functions_framework.create_app(name, str(source), "http")  # type: ignore[no-untyped-call] # it ships no types
        return application
