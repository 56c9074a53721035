"""Files made from the declarations: written by their command, and by `--check` compared with what is committed."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.environment import ROOT


def add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when what is committed is old")


def differences(committed: Mapping[str, object], fresh: Mapping[str, object]) -> list[str]:
    """Say of each part by its name whether it is new, gone, or no longer the same."""
    new = [f"{name} is not in it" for name in fresh.keys() - committed.keys()]
    gone = [f"{name} is in it but no longer declared" for name in committed.keys() - fresh.keys()]
    changed = [f"{name} differs" for name in fresh.keys() & committed.keys() if fresh[name] != committed[name]]
    return sorted(new + gone + changed)


def verdict(place: Path, found: list[str], command: str) -> int:
    """Print what `--check` found and return the exit code."""
    if found:
        lines = "".join(f"  {line}\n" for line in found)
        sys.stderr.write(f"{shown(place)} is old; run `python3 -m infra {command}` and commit it:\n{lines}")
    return 1 if found else 0


def shown(place: Path) -> str:
    return str(place.relative_to(ROOT)) if place.is_relative_to(ROOT) else str(place)
