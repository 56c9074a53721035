import json
import shutil

from infra.cloud.artefacts import made, operator
from infra.environment import ROOT
from tests.infra.programs import run


def bundles(folder, **fingerprints):
    folder.mkdir(exist_ok=True)
    told = {
        name: {"kind": "endpoint", "fingerprint": print_, "zip": f"{name}.zip"} for name, print_ in fingerprints.items()
    }
    for name in fingerprints:
        (folder / f"{name}.zip").write_bytes(name.encode())
    told["relay_outbox"] = {"kind": "service", "fingerprint": "f" * 64, "context": "relay_outbox"}
    (folder / "relay_outbox").mkdir(exist_ok=True)
    (folder / "bundles.json").write_text(json.dumps(told))
    return folder


def test_zips_and_images_are_named_by_what_they_do(tmp_path):
    found = {each.name: each for each in made(bundles(tmp_path / "bundles", fly_kite="a" * 64))}
    assert set(found) == {"fly_kite", "relay_outbox", "operator"}
    assert found["fly_kite"].object == f"fly_kite/{'a' * 24}.zip"
    assert not found["fly_kite"].is_image
    assert found["relay_outbox"].image("eu/p/images") == f"eu/p/images/relay_outbox:{'f' * 24}"
    assert found["operator"].is_image


def copied(folder):
    """Our own sources, to be changed."""
    for name in ("infra", "migrations", "shared"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_operators_image_is_another_when_the_schema_is_and_only_then(tmp_path):
    ours = copied(tmp_path / "ours")
    first = operator(tmp_path / "first", ours)
    assert operator(tmp_path / "again", ours).fingerprint == first.fingerprint
    (ours / "infra/demo/cast.py").write_text("# nothing of the operator's\n")
    (ours / "infra/decisions/new.md").write_text("Decided.\n")
    assert operator(tmp_path / "unchanged", ours).fingerprint == first.fingerprint
    (ours / "migrations/sql/0001_next.up.sql").write_text("select 1;\n")
    assert operator(tmp_path / "changed", ours).fingerprint != first.fingerprint


def test_what_the_migration_job_starts_is_all_in_its_image(tmp_path):
    place = operator(tmp_path / "operator").place
    for command in ("prepare", "migrate", "limits", "origins", "audit"):
        said = run("-m", "infra.cli", command, "--help", cwd=place)
        assert said.returncode == 0, said.stderr
    where = run("-c", "import infra.prepare, migrations, shared; print(infra.prepare.__file__)", cwd=place)
    assert where.stdout.strip() == str(place / "infra/prepare.py")
    assert "COPY requirements.txt" in (place / "Dockerfile").read_text()
    assert "--hash=sha256" in (place / "requirements.txt").read_text()
    assert not [file for file in place.rglob("*") if "tests" in file.parts]
