import argparse
import json
import os
from pathlib import Path

import pytest
from gcp_storage_emulator.server import create_server
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from infra import publish
from infra.local.postgres import HOST, free_port
from tests.infra.cloud.test_artefacts import bundles

REPOSITORY = "southamerica-east1-docker.pkg.dev/p/images"
# Knows the images that were pushed to it, as a registry does, and writes down what it was told.
DOCKER = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
  manifest) grep -q "^push $3$" {log} ;;
  build) test -f "$6/Dockerfile" ;;
esac
"""


@pytest.fixture
def client(monkeypatch):
    port = free_port()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{HOST}:{port}")
    with create_server(HOST, port, in_memory=True, default_bucket="zips"):
        made = storage.Client(project="p", credentials=AnonymousCredentials())
        monkeypatch.setattr(storage, "Client", lambda: made)
        yield made
        made.close()


@pytest.fixture
def docker(tmp_path, monkeypatch) -> Path:
    log: Path
    log, program = tmp_path / "docker.log", tmp_path / "bin/docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return log


def published(folder, *, only_say=False):
    (folder / "relay_outbox/Dockerfile").write_text("FROM python:3.13-slim\n")
    out = folder.parent / "artefacts.tfvars.json"
    arguments = argparse.Namespace(bundles=folder, bucket="zips", repository=REPOSITORY, out=out, only_say=only_say)
    assert publish.run(arguments) == 0
    return json.loads(out.read_text())


def stored(client):
    return {blob.name: blob.download_as_bytes() for blob in client.list_blobs("zips")}


def test_what_is_new_is_brought_there_and_the_rest_is_left_alone(tmp_path, client, docker, capsys):
    first = published(bundles(tmp_path / "bundles", fly_kite="a" * 64, land_kite="b" * 64))
    assert stored(client) == {f"fly_kite/{'a' * 24}.zip": b"fly_kite", f"land_kite/{'b' * 24}.zip": b"land_kite"}
    assert "2 of 2 zips are new\n2 of 2 images are new" in capsys.readouterr().out

    second = published(bundles(tmp_path / "bundles", fly_kite="c" * 64, land_kite="b" * 64))
    assert "1 of 2 zips are new\n0 of 2 images are new" in capsys.readouterr().out
    changed = {name for name in second["bundles"] if second["bundles"][name] != first["bundles"][name]}
    assert changed == {"fly_kite"}
    assert second["images"] == first["images"]
    # What was deployed before stays, to be gone back to.
    assert set(first["bundles"].values()) | set(second["bundles"].values()) == set(stored(client))


def test_an_image_is_built_and_pushed_once(tmp_path, client, docker):
    folder = bundles(tmp_path / "bundles", fly_kite="a" * 64)
    told = published(folder)
    published(folder)
    done = [line.split() for line in docker.read_text().splitlines()]
    assert [line[-1] for line in done if line[0] == "push"] == [
        told["images"]["relay_outbox"],
        told["images"]["operator"],
    ]
    builds = [line for line in done if line[0] == "build"]
    assert [line[1:3] for line in builds] == [["--platform", "linux/amd64"]] * 2


def test_a_build_that_fails_ends_it_and_writes_nothing_down(tmp_path, client, docker):
    folder = bundles(tmp_path / "bundles", fly_kite="a" * 64)
    arguments = argparse.Namespace(
        bundles=folder, bucket="zips", repository=REPOSITORY, out=tmp_path / "told.json", only_say=False
    )
    with pytest.raises(Exception, match="docker"):
        publish.run(arguments)
    assert not (tmp_path / "told.json").exists()


def test_it_can_say_what_would_be_deployed_without_doing_anything(tmp_path, client, docker):
    folder = bundles(tmp_path / "bundles", fly_kite="a" * 64)
    assert published(folder, only_say=True)["bundles"] == {"fly_kite": f"fly_kite/{'a' * 24}.zip"}
    assert stored(client) == {}
    assert not docker.exists()


def test_without_bundles_it_says_how_to_make_them(tmp_path, capsys):
    arguments = argparse.Namespace(
        bundles=tmp_path, bucket="zips", repository=REPOSITORY, out=tmp_path / "x", only_say=True
    )
    assert publish.run(arguments) == 2
    assert "infra bundle --out" in capsys.readouterr().err
