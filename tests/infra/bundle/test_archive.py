import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from infra.bundle import archive
from infra.bundle.bundles import Bundle, Workshop
from infra.bundle.libraries import TARGET
from infra.bundle.sources import PACKAGES, Sources
from infra.environment import ROOT
from infra.pythons import newest

BUNDLE = Bundle(
    name="greet",
    kind="endpoint",
    uses=frozenset(),
    files={"shared/words.py": "é = 1\n".encode(), "main.py": b"import shared.words\n"},
    distributions=frozenset(),
    fingerprint="f" * 64,
)
ANYWHERE = """
import hashlib, sys
from infra.bundle.archive import zipped
from infra.bundle.bundles import Bundle
print(hashlib.sha256(zipped(Bundle(**eval(sys.argv[1])))).hexdigest())
"""


def test_a_zip_holds_the_files_in_order_with_one_time_and_one_permission():
    with zipfile.ZipFile(io.BytesIO(archive.zipped(BUNDLE))) as made:
        assert made.namelist() == ["main.py", "shared/words.py"]
        assert {info.date_time for info in made.infolist()} == {archive.MOMENT}
        assert {info.external_attr >> 16 for info in made.infolist()} == {0o100644}
        assert made.read("shared/words.py").decode() == "é = 1\n"
        assert made.testzip() is None


def test_the_newest_python_makes_the_same_bytes():
    if not newest().is_newer:
        pytest.skip("there is no newer Python here")
    # Our own folder of libraries: bundles are read with one that is no part of the standard library.
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    command = (newest().path, "-c", ANYWHERE, repr(vars(BUNDLE)))
    made = subprocess.check_output(command, cwd=ROOT, text=True, env={**os.environ, "PYTHONPATH": libraries})
    assert made.strip() == hashlib.sha256(archive.zipped(BUNDLE)).hexdigest()


def test_the_same_project_in_another_folder_gives_the_same_bytes(tmp_path):
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("infra/manifest.json", "infra/locks/test.txt", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    ours, theirs = Workshop(Sources.here()), Workshop(Sources.here(tmp_path))
    assert ours.entries.keys() == theirs.entries.keys()
    for name in ("get_contact", "receive_waha", "get_docs"):
        assert archive.zipped(ours.bundle(name)) == archive.zipped(theirs.bundle(name))


def test_a_service_becomes_a_folder_that_an_image_is_built_from(tmp_path):
    service = Workshop(Sources.here()).bundle("relay_outbox")
    (tmp_path / "relay_outbox").mkdir()
    (tmp_path / "relay_outbox/old.py").touch()
    assert archive.write(service, tmp_path) == {
        "kind": "service",
        "fingerprint": service.fingerprint,
        "context": "relay_outbox",
    }
    made = tmp_path / "relay_outbox"
    assert not (made / "old.py").exists()
    assert (made / "shared/runtime/relay.py").read_bytes() == (ROOT / "shared/runtime/relay.py").read_bytes()
    text = (made / "Dockerfile").read_text()
    assert text.startswith("FROM python:3.13-slim\n")
    assert "--require-hashes" in text
    assert text.index("pip install") < text.index("COPY . .") < text.index("compileall")
    assert "functions-framework" not in (made / "requirements.txt").read_text()


def test_the_platform_runs_the_python_that_bundles_are_made_for_and_compiles_by_content():
    terraform = (ROOT / "terraform/modules/functions/main.tf").read_text()
    assert re.findall(r'runtime += "python(\d)(\d+)"', terraform) == [tuple(archive.PYTHON.split("."))]
    assert TARGET["python_version"] == archive.PYTHON
    assert "SOURCE_DATE_EPOCH" in terraform


def test_what_is_written_is_told(tmp_path):
    about = archive.write(BUNDLE, tmp_path)
    content = (tmp_path / "greet.zip").read_bytes()
    assert about == {
        "kind": "endpoint",
        "fingerprint": "f" * 64,
        "zip": "greet.zip",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
