"""What bundles are made from: the project's files as they lie here, or as they were at a revision."""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.environment import ROOT

PACKAGES = ("functions", "shared")
MANIFEST, PROJECT, LOCK = "infra/manifest.json", "pyproject.toml", "infra/locks/test.txt"
BESIDE = (MANIFEST, PROJECT, LOCK)


class BundleError(Exception):
    """A bundle cannot be made, or may not be; the message says what to do."""


@dataclass(frozen=True)
class Sources:
    """Files by their path below the project's folder: the two packages, the manifest, pyproject.toml and the lock."""

    files: Mapping[str, bytes]

    @classmethod
    def here(cls, root: Path = ROOT) -> "Sources":
        """Read them from the working tree, whether they are committed or not."""
        inside = (file for package in PACKAGES for file in (root / package).rglob("*") if is_source(file))
        return cls({file.relative_to(root).as_posix(): file.read_bytes() for file in (*inside, *_beside(root))})

    @classmethod
    def at(cls, revision: str, root: Path = ROOT) -> "Sources":
        """Read them from the repository as they were at a revision, and touch nothing.

        BundleError: there is no such revision, or it had no functions yet.
        """
        # A hash can be no option.
        commit = _git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
        packed = _git(root, "archive", "--format=tar", commit, "--", *PACKAGES, *BESIDE)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            return cls({member.name: _content(archive, member) for member in archive if member.isfile()})

    @cached_property
    def modules(self) -> dict[str, str]:
        """The path of every module by its dotted name; a package goes by its own."""
        python = (path for path in self.files if path.endswith(".py") and path.startswith(PACKAGES))
        return {dotted(path): path for path in python}

    @cached_property
    def data(self) -> list[str]:
        """Paths below the packages that are no Python."""
        return sorted(path for path in self.files if path.startswith(PACKAGES) and not path.endswith(".py"))

    @property
    def manifest(self) -> list[dict[str, Any]]:
        """The manifest's entries of functions and services."""
        listed: list[dict[str, Any]] = json.loads(self.text(MANIFEST))["functions"]
        return listed

    def text(self, path: str) -> str:
        if path not in self.files:
            raise BundleError(f"{path} is missing")
        return self.files[path].decode()


def is_source(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(("git", *arguments), cwd=root, capture_output=True, check=False)
    if done.returncode:
        raise BundleError(f"the revision cannot be read: {done.stderr.decode().strip()}")
    return done.stdout


def _beside(root: Path) -> Iterator[Path]:
    return (root / name for name in BESIDE if (root / name).is_file())


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    read = archive.extractfile(member)
    return read.read() if read else b""


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
