"""One bundle for each entry of the manifest: its own closure, one line that starts it, and its requirements."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infra.bundle.closure import Code
from infra.bundle.fingerprint import digest
from infra.bundle.requirements import Requirements
from infra.bundle.sources import BundleError, Sources, dotted

SERVICE = "service"
# Changes whenever the same sources become another bundle, so that all are deployed anew.
FORM = "1"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What is deployed of one function or service.

    `files`: content by path, main.py and requirements.txt among them.
    `distributions`: names of the libraries in its requirements.
    `fingerprint`: changes when what it does may have changed, and not for a comment.
    """

    name: str
    kind: str
    uses: frozenset[str]
    files: dict[str, bytes]
    distributions: frozenset[str]
    fingerprint: str

    @property
    def is_service(self) -> bool:
        return self.kind == SERVICE


class Workshop:
    """Makes bundles from sources; what several share is read and resolved once."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.code = Code(sources)
        self.requirements = Requirements(sources)
        self._made: dict[str, Bundle] = {}

    @cached_property
    def entries(self) -> dict[str, dict[str, Any]]:
        """The manifest by name. BundleError: it does not list exactly the files below functions/."""
        listed = {each["name"]: each for each in self.sources.manifest}
        declared = {name for name in self.sources.modules if is_function(name, self.sources)}
        if {each["module"] for each in listed.values()} != declared:
            raise BundleError("infra/manifest.json is old; run `python3 -m infra manifest` first")
        return listed

    def all(self) -> Iterator[Bundle]:
        return (self.bundle(name) for name in sorted(self.entries))

    def bundle(self, name: str) -> Bundle:
        """Make one, once. BundleError: something that it reaches is missing, or is installed nowhere."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Bundle:
        entry = self.entries[name]
        served = entry["kind"] != SERVICE
        closure = self.code.closure(entry["module"])
        distributions = self.requirements.names(closure.libraries, served=served)
        made = {
            "main.py": starter(name, entry["module"], served=served).encode(),
            "requirements.txt": self.requirements.text(distributions).encode(),
        }
        return Bundle(
            name=name,
            kind=entry["kind"],
            uses=frozenset(entry.get("uses", ())),
            files={path: self.sources.files[path] for path in closure.paths} | made,
            distributions=frozenset(distributions),
            fingerprint=digest({"form": FORM, **made, **{path: self._meaning(path) for path in closure.paths}}),
        )

    def _meaning(self, path: str) -> str | bytes:
        return self.code.module(dotted(path)).meaning if path.endswith(".py") else self.sources.files[path]


def is_function(module: str, sources: Sources) -> bool:
    """Whether a module's file is one that holds a function."""
    path = sources.modules[module]
    return path.startswith("functions/") and not path.rpartition("/")[2].startswith("_")


def starter(name: str, module: str, *, served: bool = True) -> str:
    """What starts it: functions-framework looks into this file; a service is run by it."""
    line = f"from {module} import {name} as {name}\n"
    return line if served else f"{line}from shared.runtime.service import run_service\n\nrun_service({name})\n"
