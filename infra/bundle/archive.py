"""Bundles as files: a zip for a function, a folder that a container image is built from for a service."""

import hashlib
import io
import shutil
import zipfile
from pathlib import Path

from infra.bundle.bundles import Bundle

PYTHON = "3.13"
# The first moment that a zip can tell.
MOMENT = (1980, 1, 1, 0, 0, 0)
PERMISSIONS = 0o100644
UNIX = 3
DOCKERFILE = f"""\
FROM python:{PYTHON}-slim
WORKDIR /service
COPY requirements.txt .
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.txt
COPY . .
RUN python -m compileall -q --invalidation-mode unchecked-hash .
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER nobody
CMD ["python", "main.py"]
"""


def zipped(bundle: Bundle) -> bytes:
    """The same bytes for the same files, wherever and by whatever Python they are made.

    Nothing is compressed: how that comes out differs between versions of zlib.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(bundle.files.items()):
            archive.writestr(_described(path), content)
    return written.getvalue()


def _described(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, MOMENT)
    info.create_system, info.external_attr = UNIX, PERMISSIONS << 16
    return info


def write(bundle: Bundle, folder: Path) -> dict[str, str]:
    """Leave it in the folder, and say where it lies: a zip with its own digest, or a context for `docker build`."""
    about = {"kind": bundle.kind, "fingerprint": bundle.fingerprint}
    if bundle.is_service:
        unpack(bundle, folder / bundle.name)
        (folder / bundle.name / "Dockerfile").write_text(DOCKERFILE)
        return {**about, "context": bundle.name}
    content = zipped(bundle)
    place = folder / f"{bundle.name}.zip"
    place.write_bytes(content)
    return {**about, "zip": place.name, "sha256": hashlib.sha256(content).hexdigest()}


def unpack(bundle: Bundle, folder: Path) -> None:
    """Lay its files out, and nothing else that lay there."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in bundle.files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
