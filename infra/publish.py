"""`infra publish`: bring zips and images to where Terraform finds them, those that are new, and write down which."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infra.cloud.artefacts import Artefact, made

if TYPE_CHECKING:
    from google.cloud.storage import Client

PLATFORM = "linux/amd64"  # Cloud Run's, whatever the machine that builds
MISSING = "There are no bundles in {}: run `python3 -m infra bundle --out {}` first.\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundles", type=Path, default=Path("build/bundles"), help="where `infra bundle` left them")
    parser.add_argument("--bucket", required=True, help="the bucket of the zips (`terraform output bundles_bucket`)")
    parser.add_argument("--repository", required=True, help="where images go (`terraform output repository`)")
    parser.add_argument("--out", type=Path, default=Path("build/artefacts.tfvars.json"), help="what Terraform is given")
    parser.add_argument("--only-say", action="store_true", help="write that file, and bring nothing anywhere")


def run(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.bundles
    if not (folder / "bundles.json").exists():
        sys.stderr.write(MISSING.format(folder, folder))
        return 2
    artefacts = made(folder)
    zips, images = ([each for each in artefacts if each.is_image is kind] for kind in (False, True))
    if not arguments.only_say:
        from google.cloud.storage import Client

        print(f"{upload(Client(), arguments.bucket, zips)} of {len(zips)} zips are new", flush=True)
        print(f"{push(arguments.repository, images)} of {len(images)} images are new", flush=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(variables(artefacts, arguments.repository), indent=1) + "\n")
    return 0


def variables(artefacts: Sequence[Artefact], repository: str) -> dict[str, dict[str, str]]:
    """Terraform's variables `bundles` and `images`."""
    return {
        "bundles": {each.name: each.object for each in artefacts if not each.is_image},
        "images": {each.name: each.image(repository) for each in artefacts if each.is_image},
    }


def upload(client: "Client", bucket: str, zips: Sequence[Artefact]) -> int:
    """Put those zips there that are not, and return how many they were; none is ever written over."""
    known = {blob.name for blob in client.list_blobs(bucket)}
    fresh = [each for each in zips if each.object not in known]
    for each in fresh:
        client.bucket(bucket).blob(each.object).upload_from_filename(str(each.place), content_type="application/zip")
    return len(fresh)


def push(repository: str, images: Sequence[Artefact]) -> int:
    """Build and push those images that the repository lacks, and return how many they were."""
    fresh = [each for each in images if not _is_known(each.image(repository))]
    for each in fresh:
        image = each.image(repository)
        for command in (("build", "--platform", PLATFORM, "--tag", image, str(each.place)), ("push", image)):
            subprocess.run(("docker", *command), check=True)
    return len(fresh)


def _is_known(image: str) -> bool:
    asked = ("docker", "manifest", "inspect", image)
    return subprocess.run(asked, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
