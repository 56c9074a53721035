"""`infra lock`: make the lock files again from pyproject.toml, the smaller ones with the versions of the largest."""

import argparse
import shutil
import subprocess
import sys

from infra.environment import ROOT

COMPILE = ("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11", "--generate-hashes")
QUIET = ("--no-header", "-q")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions, not those already locked")


def run(arguments: argparse.Namespace) -> int:
    if shutil.which("uv") is None:
        sys.stderr.write("`uv` is not installed, and it makes the lock files; install it and run this again.\n")
        return 1
    upgrade = ("--upgrade",) if arguments.upgrade else ()
    smaller = [("--group", name, "-c", "infra/locks/test.txt") for name in ("demo", "bench")]
    for options in (("--group", "test", *upgrade), *smaller):
        output = f"infra/locks/{options[1]}.txt"
        print(f"Locking {output} …", flush=True)
        code = subprocess.run((*COMPILE, *options, "-o", output, *QUIET), cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0
