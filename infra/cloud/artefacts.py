"""What a deployment is made of: a zip for each function, an image for each service and one for the operator's job.

Each is named by what it does, so that what has not changed has the name that it had.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.environment import ROOT

OPERATOR = "operator"
# What the migration job runs, and what an operator may run in its place.
FOLDERS = ("infra", "migrations", "shared")
NOT_OF_THE_OPERATOR = ("bench", "decisions", "demo", "documents", "events", "fakes", "runbooks", "__pycache__")
LENGTH = 24
DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /operator
COPY requirements.txt .
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.txt
COPY . .
ENV PYTHONUNBUFFERED=1
USER nobody
CMD ["python", "-m", "infra.cli", "prepare"]
"""


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """`place` is a zip, or the folder that an image is built from."""

    name: str
    fingerprint: str
    place: Path

    @property
    def is_image(self) -> bool:
        return self.place.is_dir()

    @property
    def object(self) -> str:
        """Its name in the bundles' bucket."""
        return f"{self.name}/{self.fingerprint}.zip"

    def image(self, repository: str) -> str:
        return f"{repository}/{self.name}:{self.fingerprint}"


def made(folder: Path) -> list[Artefact]:
    """Read what `infra bundle` has left in a folder, and lay the operator's image beside it.

    FileNotFoundError: there are no bundles.
    """
    listed = json.loads((folder / "bundles.json").read_text())
    found = [_bundle(name, told, folder) for name, told in sorted(listed.items())]
    return [*found, operator(folder / OPERATOR)]


def _bundle(name: str, told: dict[str, str], folder: Path) -> Artefact:
    place = folder / (told.get("zip") or told["context"])
    return Artefact(name=name, fingerprint=told["fingerprint"][:LENGTH], place=place)


def operator(folder: Path, root: Path = ROOT) -> Artefact:
    """Lay out what the operator's image is built from, in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in sorted(_operators_files(root)):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return Artefact(name=OPERATOR, fingerprint=_digest(folder), place=folder)


def _operators_files(root: Path) -> Iterator[tuple[str, bytes]]:
    yield "Dockerfile", DOCKERFILE.encode()
    yield "requirements.txt", (root / "infra/locks/demo.txt").read_bytes()
    for file in (file for folder in FOLDERS for file in (root / folder).rglob("*")):
        path = file.relative_to(root)
        if file.is_file() and not set(path.parts) & set(NOT_OF_THE_OPERATOR):
            yield str(path), file.read_bytes()


def _digest(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    told = [(str(file.relative_to(folder)), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:LENGTH]
