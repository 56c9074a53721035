"""`infra bundle`: make what is deployed of each function and service, or say which of them a change reaches."""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from infra.bundle.archive import write
from infra.bundle.bundles import Workshop
from infra.bundle.changes import changed
from infra.bundle.gate import findings
from infra.bundle.sources import BundleError, Sources

INDEX = "bundles.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--out", type=Path, metavar="DIR", help="write zips, images' contexts and bundles.json here")
    wanted.add_argument("--check", action="store_true", help="write nothing; name what no bundle may hold or reach")
    wanted.add_argument("--since", metavar="REV", help="write nothing; name what differs from a revision's")


def run(arguments: argparse.Namespace) -> int:
    try:
        if arguments.since:
            return name_changed(arguments.since)
        return write_all(arguments.out) if arguments.out else check()
    except BundleError as error:
        sys.stderr.write(f"{error}.\n")
        return 1


def check() -> int:
    found = list(findings(Workshop(Sources.here())))
    sys.stderr.write("".join(f"{each}.\n" for each in found))
    return 1 if found else 0


def name_changed(revision: str) -> int:
    """Print the names, one a line, and to standard error how many of all they are."""
    now = Workshop(Sources.here())
    names = changed(Workshop(Sources.at(revision)), now)
    print("".join(f"{name}\n" for name in names), end="")
    sys.stderr.write(f"{len(names)} of {len(now.entries)} are to be deployed.\n")
    return 0


def write_all(folder: Path) -> int:
    """Make every bundle before the first is written: a folder holds all of one state, or what it held."""
    began = time.monotonic()
    bundles = list(Workshop(Sources.here()).all())
    clear(folder)
    index = {bundle.name: write(bundle, folder) for bundle in bundles}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n")
    megabytes = sum(len(content) for bundle in bundles for content in bundle.files.values()) / 1e6
    print(f"{folder}: {len(index)} bundles, {megabytes:.1f} MB, in {time.monotonic() - began:.1f} s")
    return 0


def clear(folder: Path) -> None:
    """Make the folder empty. BundleError: it holds something else than bundles."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / INDEX).exists():
        raise BundleError(f"{folder} holds other things than bundles; name a folder of their own")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
